"""Parity of R3GAN, and of checkpoints of other implementations that are imported and opened on a device."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

import ganzoo
from ganzoo import ImageSpec
from ganzoo._inference.import_run import import_checkpoint
from ganzoo._registry.registry import Registry
from ganzoo_r3gan.discriminator import R3GANDiscriminator
from ganzoo_r3gan.generator import R3GANGenerator
from on_gpu.parity import Found, Reference, below, filled

_SHAPE = {"channels": (32, 24, 16), "blocks": (1, 2, 1)}
_ENDS = {
    "ExtractionLayer.Layer.weight": "from_rgb.weight",
    "AggregationLayer.Layer.weight": "to_rgb.weight",
    "EmbeddingLayer.weight": "embedding",
}
_BLOCK = {
    "LinearLayer1.Layer.weight": "widen.weight",
    "LinearLayer2.Layer.weight": "mix.weight",
    "LinearLayer3.Layer.weight": "narrow.weight",
    "NonLinearity1.Bias": "widen.bias",
    "NonLinearity2.Bias": "mix.bias",
}
# Files, the numbers that belong to them, and the noise that these were made with.
_FILES = (
    ("stylegan2_ada_g32.pkl", "stylegan2_g32.npz", "image_noise_const", "constant"),
    ("stylegan2_tf_g32.pkl", "stylegan2_g32.npz", "image_noise_none", "none"),
    ("stylegan1_tf_32.pkl", "stylegan1_tf_32.npz", "image_depth3_alpha1", "none"),
    ("stylegan1_huangzh13_32.pth", "stylegan1_huangzh13_32.npz", "image_depth3_alpha1", "none"),
)


def r3gan(reference: Reference) -> Found:
    """R3GAN's networks without and with classes: images, logits, both penalties, gradients of the losses."""
    numbers = reference.read("r3gan.npz")
    for prefix in ("", "conditional_"):
        images = ImageSpec(16, 3, 3 if prefix else 0)
        generator = R3GANGenerator(R3GANGenerator.Options(latent_dim=16, label_embedding=8, **_SHAPE), images)
        filled(generator, _arrays(numbers, f"{prefix}G/", "G"), reference.device)
        critic = R3GANDiscriminator(R3GANDiscriminator.Options(**_SHAPE), images)
        filled(critic, _arrays(numbers, f"{prefix}D/", "D"), reference.device)
        reals = numbers[f"{prefix}x"].requires_grad_()
        labels = numbers[f"{prefix}c"] if prefix else torch.zeros(len(reals), 0, device=reference.device)
        fakes = generator(numbers[f"{prefix}z"], labels)
        seen = fakes.detach().requires_grad_()
        real, fake = critic(reals, labels), critic(seen, labels)
        penalties = [_penalty(real, reals), _penalty(fake, seen)]
        names = ("image", "logits_x", "logits_image", "r1", "r2")
        for name, found in zip(names, (fakes, real, fake, *penalties), strict=True):
            yield f"{prefix}{name}", found, numbers[f"{prefix}{name}"]
        (softplus(fake - real).mean() + sum(each.mean() for each in penalties)).backward()  # gamma is 2
        yield from _gradients(critic, _arrays(numbers, f"{prefix}d_gradient/", "D"), f"{prefix}d_gradient")
        softplus(critic(reals, labels).detach() - critic(fakes, labels)).mean().backward()
        yield from _gradients(generator, _arrays(numbers, f"{prefix}g_gradient/", "G"), f"{prefix}g_gradient")


def _penalty(logits: Tensor, images: Tensor) -> Tensor:
    (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return slope.square().sum(dim=(1, 2, 3))


def _gradients(network: nn.Module, expected: Mapping[str, Tensor], label: str) -> Found:
    for name, weight in network.named_parameters():
        yield f"{label}/{name}", weight.grad, expected[name]


def _arrays(numbers: Mapping[str, Tensor], prefix: str, network: str) -> dict[str, Tensor]:
    arrays = {_name(key, network): value for key, value in below(numbers, prefix).items() if "Resampler" not in key}
    return arrays | ({"pattern": arrays["pattern"][:, 0]} if network == "D" else {})


def _name(official: str, network: str) -> str:
    if official in _ENDS:
        return _ENDS[official]
    found = re.fullmatch(r"MainLayers\.(\d)\.Layers\.(\d)\.(.+)", official)
    stage, layer, rest = int(found[1]), int(found[2]), found[3]
    if rest in ("Basis", "Basis.weight"):
        return "pattern"
    if rest == "LinearLayer.weight":
        return "scale" if network == "G" else "head"
    # The authors number a transition among a stage's blocks: first in the generator, last in the critic.
    first = int(network == "G")
    return _transition(stage - first) if rest not in _BLOCK else f"stages.{stage}.{layer - first}.{_BLOCK[rest]}"


def _transition(number: int) -> str:
    return f"transitions.{number}.weight"


def imported_files(reference: Reference) -> Found:
    """Checkpoints of four other codes, imported and opened on the device."""
    registry = Registry.discover()
    with tempfile.TemporaryDirectory() as folder:
        for file, arrays, key, noise in _FILES:
            run = Path(folder, file)
            import_checkpoint(reference.folder / file, run, registry)
            generator = ganzoo.open(run, registry=registry).generator(device=str(reference.device)).generator
            generator.use_noise(noise)
            numbers = reference.read(arrays)
            labels = torch.zeros(len(numbers["z"]), 0, device=reference.device)
            with torch.no_grad():
                yield file, generator(numbers["z"], labels), numbers[key]
