"""StyleGAN2: equal to the official numbers, and what its paper promises."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from ganzoo_stylegan2.discriminator import StyleGAN2Discriminator
from ganzoo_stylegan2.generator import StyleGAN2Generator
from ganzoo_stylegan2.importers import official_discriminator_weights, official_generator_weights
from ganzoo_stylegan2.modulation import convolve, convolve_up, demodulation, scaled
from ganzoo_stylegan2.path_length import PathLength, path_lengths

from ganzoo import ImageSpec

NO_LABELS = torch.zeros(4, 0)


def reference(name):
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        pytest.skip("GANZOO_REFERENCE names no folder of reference numbers")
    with np.load(Path(folder) / name) as arrays:
        return {key: torch.from_numpy(arrays[key]) if arrays[key].dtype.kind == "f" else arrays[key] for key in arrays}


def close(found, expected, tolerance):
    return bool((found - expected).abs().max() <= tolerance * max(1.0, float(expected.abs().max())))


@pytest.fixture(scope="module")
def official():
    numbers = reference("stylegan2_g32.npz")
    config = json.loads(str(numbers["config"]))
    images = ImageSpec(config["img_resolution"], config["img_channels"], config["c_dim"])
    widths = {"channel_base": config["channel_base"], "channel_max": config["channel_max"]}
    generator = StyleGAN2Generator(
        StyleGAN2Generator.Options(
            latent_dim=config["z_dim"], style_dim=config["w_dim"], mapping_layers=config["mapping_layers"], **widths
        ),
        images,
    ).eval()
    discriminator = StyleGAN2Discriminator(
        StyleGAN2Discriminator.Options(minibatch_std_group=config["minibatch_std_group"], **widths), images
    ).eval()
    part = lambda key: {name[2:]: value for name, value in numbers.items() if name.startswith(key)}  # noqa: E731
    generator.load_state_dict(official_generator_weights(part("G/")))
    discriminator.load_state_dict(official_discriminator_weights(part("D/")))
    return generator, discriminator, numbers


def test_operators_are_the_official_ones():
    numbers = reference("stylegan2_ops.npz")
    x, weight, styles = (numbers[key] for key in ("x", "conv_weight", "styles"))
    factors = demodulation(weight, styles)
    plain = convolve(scaled(x, styles), weight)
    up = convolve_up(scaled(x, styles), weight, numbers["resample_filter"])
    assert close(plain, numbers["modconv_nodemod"], 1e-5)
    assert close(scaled(plain, factors), numbers["modconv"], 1e-5)
    assert close(scaled(up, factors), numbers["modconv_up"], 1e-5)


def test_generator_is_the_official_one(official):
    generator, _, numbers = official
    with torch.no_grad():
        styles = generator.map(numbers["z"], NO_LABELS)
        truncated = generator.style_mean().lerp(styles, 0.7)
        assert close(styles, numbers["ws"], 1e-4)
        assert close(truncated, numbers["ws_psi07"], 1e-4)
        generator.use_noise("constant")
        assert close(generator.synthesize(styles), numbers["image_noise_const"], 1e-4)
        assert close(generator.synthesize(truncated), numbers["image_psi07_noise_const"], 1e-4)
        generator.use_noise("none")
        assert close(generator.synthesize(styles), numbers["image_noise_none"], 1e-4)


def test_discriminator_and_r1_are_the_official_ones(official):
    _, discriminator, numbers = official
    images = numbers["image_noise_const"].clamp(-3, 3).requires_grad_()
    logits = discriminator(images, NO_LABELS)
    (slope,) = torch.autograd.grad(logits.sum(), images)
    assert close(logits, numbers["logits_of_image_noise_const_clamped3"].squeeze(1), 1e-4)
    assert close(slope.square().sum((1, 2, 3)), numbers["r1_penalty_per_sample"], 1e-4)


def test_path_lengths_are_the_official_ones(official):
    generator, _, numbers = official
    generator.use_noise("constant")
    styles = numbers["ws"].clone().requires_grad_()
    lengths = path_lengths(generator.synthesize(styles), styles, numbers["path_noise"])
    assert close(lengths, numbers["path_lengths"], 1e-4)
