"""R3GAN against the authors' networks and losses: images, logits, penalties, and the gradients of all weights."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from ganzoo import ImageSpec
from ganzoo_r3gan.discriminator import R3GANDiscriminator
from ganzoo_r3gan.generator import R3GANGenerator

SHAPE = {"channels": (32, 24, 16), "blocks": (1, 2, 1)}
BLOCK = (
    (r"LinearLayer1\.Layer\.weight", "widen.weight"),
    (r"LinearLayer2\.Layer\.weight", "mix.weight"),
    (r"LinearLayer3\.Layer\.weight", "narrow.weight"),
    (r"NonLinearity1\.Bias", "widen.bias"),
    (r"NonLinearity2\.Bias", "mix.bias"),
)


@pytest.fixture(scope="module")
def numbers():
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        pytest.skip("GANZOO_REFERENCE names no folder of reference numbers")
    with np.load(Path(folder) / "r3gan.npz") as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays if key != "config"}


def our_name(official, network):
    """The name of a weight here, by the authors' name of it; None for what is no weight here."""
    if official.endswith("Resampler.Kernel"):
        return None
    ends = {"ExtractionLayer.Layer.weight": "from_rgb.weight", "AggregationLayer.Layer.weight": "to_rgb.weight"}
    if official in ends:
        return ends[official]
    if official == "EmbeddingLayer.weight":
        return "embedding"
    stage, layer, rest = re.fullmatch(r"MainLayers\.(\d)\.Layers\.(\d)\.(.+)", official).groups()
    if rest in ("Basis", "Basis.weight"):
        return "pattern"
    if rest == "LinearLayer.weight":
        return "scale" if network == "G" else "head"
    if rest == "LinearLayer.Layer.weight":
        # Between two stages: the generator's belongs to the later one, the critic's to the earlier.
        return f"transitions.{int(stage) - (network == 'G')}.weight"
    # The authors number a transition among a stage's blocks: first in the generator, last in the critic.
    block = int(layer) - 1 if network == "G" else int(layer)
    return next(f"stages.{stage}.{block}.{ours}" for theirs, ours in BLOCK if re.fullmatch(theirs, rest))


def arrays(numbers, kind, network):
    found = {}
    for key, value in numbers.items():
        if key.startswith(f"{kind}/") and (name := our_name(key.removeprefix(f"{kind}/"), network)):
            found[name] = value[:, 0] if network == "D" and name == "pattern" else value
    return found


def close(ours, theirs):
    return (ours - theirs).abs().max() <= 1e-4 * max(1, theirs.abs().max())


@pytest.mark.parametrize("prefix", ["", "conditional_"])
def test_networks_losses_and_all_gradients_are_the_authors(numbers, prefix):
    images = ImageSpec(resolution=16, channels=3, label_dim=3 if prefix else 0)
    generator = R3GANGenerator(R3GANGenerator.Options(latent_dim=16, label_embedding=8, **SHAPE), images)
    critic = R3GANDiscriminator(R3GANDiscriminator.Options(**SHAPE), images)
    generator.load_state_dict(arrays(numbers, f"{prefix}G", "G"))
    critic.load_state_dict(arrays(numbers, f"{prefix}D", "D"))
    z, reals = numbers[f"{prefix}z"], numbers[f"{prefix}x"].requires_grad_()
    labels = numbers[f"{prefix}c"] if prefix else torch.zeros(6, 0)

    fakes = generator(z, labels)
    assert close(fakes, numbers[f"{prefix}image"])
    seen = fakes.detach().requires_grad_()
    real, fake = critic(reals, labels), critic(seen, labels)
    assert close(real, numbers[f"{prefix}logits_x"])
    assert close(fake, numbers[f"{prefix}logits_image"])

    (slope_real,) = torch.autograd.grad(real.sum(), reals, create_graph=True)
    (slope_fake,) = torch.autograd.grad(fake.sum(), seen, create_graph=True)
    r1, r2 = (slope.square().sum(dim=(1, 2, 3)) for slope in (slope_real, slope_fake))
    assert close(r1, numbers[f"{prefix}r1"])
    assert close(r2, numbers[f"{prefix}r2"])
    (softplus(fake - real).mean() + r1.mean() + r2.mean()).backward()  # gamma is 2
    expected = arrays(numbers, f"{prefix}d_gradient", "D")
    assert expected.keys() == {name for name, _ in critic.named_parameters()}
    assert all(close(weight.grad, expected[name]) for name, weight in critic.named_parameters())

    softplus(critic(reals, labels).detach() - critic(fakes, labels)).mean().backward()
    expected = arrays(numbers, f"{prefix}g_gradient", "G")
    assert expected.keys() == {name for name, _ in generator.named_parameters()}
    assert all(close(weight.grad, expected[name]) for name, weight in generator.named_parameters())
