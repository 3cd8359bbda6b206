"""Parity: this project's networks on a device against numbers that other implementations computed.

Each case yields (what, found, expected) in turn. An error is the largest difference as a share of the largest expected
value, or of 1 if that is smaller, as the reference numbers' own description measures it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganzoo import ImageSpec
from ganzoo.layers import MinibatchStd, convolve, downsample, smooth, upsample
from ganzoo_stylegan import StyleGANDiscriminator, StyleGANGenerator
from ganzoo_stylegan.importers import (
    huangzh13_discriminator_weights,
    huangzh13_generator_weights,
    rosinality_generator_weights,
)
from ganzoo_stylegan2.discriminator import StyleGAN2Discriminator
from ganzoo_stylegan2.generator import StyleGAN2Generator
from ganzoo_stylegan2.importers import official_discriminator_weights, official_generator_weights
from ganzoo_stylegan2.modulation import convolve_up, demodulation, scaled
from ganzoo_stylegan2.path_length import path_lengths

Found = Iterator[tuple[str, Tensor, Tensor]]


@dataclass(frozen=True)
class Reference:
    """A folder of reference numbers, read to a device; `training` is what recipes say of the arithmetic there."""

    folder: Path
    device: torch.device
    training: Mapping[str, Any] = field(default_factory=dict)

    def read(self, name: str) -> dict[str, Any]:
        """Return numbers as tensors on the device, texts as they are."""
        with np.load(self.folder / name, allow_pickle=False) as arrays:
            return {
                key: str(arrays[key])
                if arrays[key].dtype.kind == "U"
                else torch.from_numpy(arrays[key]).to(self.device)
                for key in arrays.files
            }


def below(numbers: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return what begins with a prefix, without it."""
    return {key.removeprefix(prefix): value for key, value in numbers.items() if key.startswith(prefix)}


def filled(network: nn.Module, weights: Mapping[str, Tensor], device: torch.device) -> Any:
    """Return a network with foreign weights, laid out as in training; foreign files may lack only constant noise."""
    missing, unexpected = network.load_state_dict(weights, strict=False)
    left = [name for name in missing if not name.endswith((".noise_const", "w_avg"))]
    if unexpected or left:
        raise RuntimeError(f"weights do not fit: {unexpected} {left}")
    return network.to(device, memory_format=torch.channels_last).eval()


def operators(reference: Reference) -> Found:
    """Resampling, modulated convolution and minibatch deviation of StyleGAN2-ADA."""
    numbers = reference.read("stylegan2_ops.npz")
    x, weight, styles = (numbers[key] for key in ("x", "conv_weight", "styles"))
    kernel = numbers["resample_filter"]
    for name, resample in (("upsample2d", upsample), ("downsample2d", downsample), ("filter2d", smooth)):
        yield name, resample(x, kernel), numbers[name]
    factors = demodulation(weight, styles)
    plain = convolve(scaled(x, styles), weight, padding=1)
    yield "modconv_nodemod", plain, numbers["modconv_nodemod"]
    yield "modconv", scaled(plain, factors), numbers["modconv"]
    up = convolve_up(scaled(x, styles), weight, numbers["resample_filter"])
    yield "modconv_up", scaled(up, factors), numbers["modconv_up"]
    yield "minibatch_std_group4", MinibatchStd(4)(numbers["minibatch_x"]), numbers["minibatch_std_group4"]


def stylegan2(reference: Reference) -> Found:
    """StyleGAN2-ADA's generator, discriminator, R1 and path lengths."""
    numbers = reference.read("stylegan2_g32.npz")
    config = json.loads(numbers["config"])
    images = ImageSpec(config["img_resolution"], config["img_channels"], config["c_dim"])
    widths = {"channel_base": config["channel_base"], "channel_max": config["channel_max"]}
    sizes = {"latent_dim": config["z_dim"], "style_dim": config["w_dim"], "mapping_layers": config["mapping_layers"]}
    generator = StyleGAN2Generator(StyleGAN2Generator.Options(**sizes, **widths), images)
    filled(generator, official_generator_weights(below(numbers, "G/")), reference.device)
    options = StyleGAN2Discriminator.Options(minibatch_std_group=config["minibatch_std_group"], **widths)
    discriminator = StyleGAN2Discriminator(options, images)
    filled(discriminator, official_discriminator_weights(below(numbers, "D/")), reference.device)
    labels = torch.zeros(len(numbers["z"]), 0, device=reference.device)
    with torch.no_grad():
        yield "ws", (styles := generator.map(numbers["z"], labels)), numbers["ws"]
        for mode in ("constant", "none"):
            generator.use_noise(mode)
            name = f"image_noise_{mode.removesuffix('ant')}"
            yield name, generator.synthesize(styles), numbers[name]
    shown = numbers["image_noise_const"].clamp(-3, 3).requires_grad_()
    logits = discriminator(shown, labels)
    yield "logits", logits, numbers["logits_of_image_noise_const_clamped3"].squeeze(1)
    (slope,) = torch.autograd.grad(logits.float().sum(), shown)
    yield "r1_penalty", slope.square().sum((1, 2, 3)), numbers["r1_penalty_per_sample"]
    generator.use_noise("constant")
    styles = numbers["ws"].clone().requires_grad_()
    yield (
        "path_lengths",
        path_lengths(generator.synthesize(styles), styles, numbers["path_noise"]),
        numbers["path_lengths"],
    )


def stylegan_generators(reference: Reference) -> Found:
    """StyleGAN as huangzh13 and as the official code compute it, at every depth."""
    weights = reference.read("stylegan1_huangzh13_32.npz")
    sizes = json.loads(weights["config"])
    for file, epsilon in (("stylegan1_huangzh13_32.npz", 1e-5), ("stylegan1_tf_32.npz", 1e-8)):
        numbers = reference.read(file)
        options = StyleGANGenerator.Options(
            latent_dim=sizes["z_dim"],
            style_dim=sizes["w_dim"],
            mapping_layers=sizes["mapping_layers"],
            channel_base=2 * sizes["fmap_base"],
            channel_max=sizes["fmap_max"],
            norm_epsilon=epsilon,
        )
        generator = StyleGANGenerator(options, ImageSpec(sizes["resolution"], sizes["channels"]))
        filled(generator, huangzh13_generator_weights(below(weights, "state/")), reference.device)
        generator.use_noise("none")
        labels = torch.zeros(len(numbers["z"]), 0, device=reference.device)
        label = file.split("_")[1]
        with torch.no_grad():
            yield f"{label} w", generator.map(numbers["z"], labels)[:, 0], numbers["w"]
            for depth, alpha in ((0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0), (3, 0.3)):
                generator.grow(4 << depth, alpha)
                key = f"image_depth{depth}_alpha{str(alpha).replace('.', '').removesuffix('0')}"
                yield f"{label} {key}", generator(numbers["z"], labels), numbers[key]


def stylegan_others(reference: Reference) -> Found:
    """A discriminator of huangzh13, and the generator of rosinality."""
    numbers = reference.read("stylegan1_huangzh13_d32.npz")
    options = StyleGANDiscriminator.Options(channel_base=512, channel_max=32, from_rgb_activation="none")
    discriminator = StyleGANDiscriminator(options, ImageSpec(32, 3))
    filled(discriminator, huangzh13_discriminator_weights(below(numbers, "state/")), reference.device)
    for alpha, name in ((1.0, "logits_alpha1"), (0.3, "logits_alpha03")):
        discriminator.grow(32, alpha)
        labels = torch.zeros(len(numbers["x"]), 0, device=reference.device)
        with torch.no_grad():
            yield f"D {name}", discriminator(numbers["x"], labels), numbers[name].squeeze(1)
    yield from _rosinality(reference)


def _rosinality(reference: Reference) -> Found:
    numbers = reference.read("stylegan1_rosinality_512.npz")
    shapes, drawing, state = json.loads(numbers["state_names"]), torch.Generator().manual_seed(77), {}
    for name in json.loads(numbers["parameter_names_in_draw_order"]):
        state[name] = torch.randn(shapes[name], generator=drawing) * (0.1 if name.endswith("bias") else 1.0)
    gains = {"mapping_lr_multiplier": 1.0, "norm_epsilon": 1e-5, "input": "normal", "bias_before_blur": True}
    generator = StyleGANGenerator(StyleGANGenerator.Options(**gains), ImageSpec(1024, 3))
    filled(generator, rosinality_generator_weights(state), reference.device)
    generator.use_noise("none")
    labels = torch.zeros(len(numbers["z"]), 0, device=reference.device)
    for step, alpha in ((0, 1.0), (1, 1.0), (1, 0.4), (2, 1.0), (3, 1.0)):
        generator.grow(4 << step, alpha)
        key = f"image_step{step}_alpha{alpha}"
        with torch.no_grad():
            yield key, generator(numbers["z"], labels), numbers[key]


PROGAN_NAMES = {
    "G": (
        (r"4x4/Dense/weight", "blocks.4.dense.weight"),
        (r"4x4/Dense/bias", "blocks.4.bias"),
        (r"4x4/Conv/(.+)", r"blocks.4.convolution.\1"),
        (r"(\d+)x\d+/Conv0_up/(.+)", r"blocks.\1.first.\2"),
        (r"(\d+)x\d+/Conv1/(.+)", r"blocks.\1.second.\2"),
        (r"ToRGB_(lod\d)/(.+)", r"to_rgb.\1.\2"),
    ),
    "D": (
        (r"4x4/Conv/(.+)", r"body.head.convolution.\1"),
        (r"4x4/Dense0/(.+)", r"body.head.dense.\1"),
        (r"4x4/Dense1/(.+)", r"body.head.logit.\1"),
        (r"(\d+)x\d+/Conv0/(.+)", r"body.blocks.\1.first.\2"),
        (r"(\d+)x\d+/Conv1_down/(.+)", r"body.blocks.\1.second.\2"),
        (r"FromRGB_(lod\d)/(.+)", r"body.from_rgb.\1.\2"),
    ),
}


def progan_weights(arrays: Mapping[str, Tensor], network: str) -> dict[str, Tensor]:
    """Return official TensorFlow arrays of one network (weights, or gradients) by our names, in our layout."""
    found = {}
    for official, value in arrays.items():
        pattern, name = next(rule for rule in PROGAN_NAMES[network] if re.fullmatch(rule[0], official))
        name = re.sub(r"lod(\d)", lambda level: str(32 >> int(level[1])), re.sub(pattern, name, official))
        if "_up/weight" in official:  # [h, w, out, in], laid down by a transposed convolution
            found[name] = value.permute(2, 3, 0, 1).flip(2, 3)
        else:
            found[name] = value.permute(3, 2, 0, 1) if value.ndim == 4 else value.t() if value.ndim == 2 else value
    return found


CASES: dict[str, Callable[[Reference], Found]] = {
    "operators": operators,
    "StyleGAN2": stylegan2,
    "StyleGAN generators": stylegan_generators,
    "StyleGAN, others": stylegan_others,
}


def error(found: Tensor, expected: Tensor) -> float:
    """Return the largest difference as a share of the largest expected value, or of 1."""
    apart = (found.detach().double() - expected.double()).abs().max()
    return float(apart / expected.double().abs().max().clamp_min(1.0))
