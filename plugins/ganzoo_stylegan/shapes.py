"""Shapes of weights under the parts' own names, and the options that follow from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganzoo import CheckpointError, ForeignNetwork, ImageSpec
from ganzoo.layers import HIGHEST_RESOLUTION, LOWEST_RESOLUTION, base_and_max, measured_mean_w
from ganzoo_stylegan.discriminator import StyleGANDiscriminator
from ganzoo_stylegan.generator import StyleGANGenerator

Weights = Mapping[str, Tensor]
# Fixed, so that one file always gives the same network.
NOISE_SEED = 0


def generator_from(weights: Weights, **options: Any) -> tuple[ForeignNetwork, ImageSpec]:
    """Return a generator and what it makes.

    What the file has not is added: constant noise, drawn from a fixed seed, and the mean style, measured.

    Args:
        weights: A state, without the constant noise and perhaps without the mean style.
        options: What shapes do not show.

    Raises:
        CheckpointError: Something is missing or unlike every StyleGAN.
    """
    found = dict(weights)
    widths = {int(each): size_of(found, f"to_rgb.{each}.weight", 1) for each in _names(found, r"to_rgb\.(\d+)\.weight")}
    resolution = _resolution(widths)
    embedding = found.get("mapping.embedding.weight")
    layers = len(_names(found, r"mapping\.layers\.(\d+)\.weight"))
    base, highest = _base_and_max(widths)
    sizes = {
        # Joint labels are embedded to the latents' size, so that the first layer sees two of them.
        "latent_dim": size_of(found, "mapping.layers.0.weight", 1) // (1 if embedding is None else 2),
        "style_dim": size_of(found, f"mapping.layers.{max(layers - 1, 0)}.weight", 0),
        "mapping_layers": layers,
        "channel_base": base,
        "channel_max": highest,
    }
    images = ImageSpec(
        resolution,
        size_of(found, f"to_rgb.{resolution}.weight", 0),
        0 if embedding is None else size_of(found, "mapping.embedding.weight", 0),
    )
    hidden = size_of(found, "mapping.layers.0.weight", 0)
    if layers > 1 and hidden != sizes["style_dim"]:
        sizes["mapping_width"] = hidden
    chosen = StyleGANGenerator.Options(**sizes, **options)
    _add_noise(found, widths)
    if "w_avg" not in found:
        # Copies that never tracked it can be truncated all the same.
        found["w_avg"] = measured_mean_w(StyleGANGenerator, chosen, images, found)
    return ForeignNetwork(StyleGANGenerator, chosen, found), images


def discriminator_from(weights: Weights, **options: Any) -> tuple[ForeignNetwork, ImageSpec]:
    """Return a discriminator and what it judges.

    Args:
        weights: A state, whole.
        options: What shapes do not show.

    Raises:
        CheckpointError: Something is missing or unlike every StyleGAN.
    """
    found = dict(weights)
    readers = _names(found, r"body\.from_rgb\.(\d+)\.weight")
    widths = {int(each): size_of(found, f"body.from_rgb.{each}.weight", 0) for each in readers}
    resolution = _resolution(widths)
    channels = size_of(found, f"body.from_rgb.{resolution}.weight", 1)
    # The dense layer is as wide as a map of 2x2 would be.
    base, highest = _base_and_max(widths | {LOWEST_RESOLUTION // 2: size_of(found, "body.head.dense.weight", 0)})
    classes = size_of(found, "body.head.logit.weight", 0)
    group = _without_deviation(found, options)
    chosen = StyleGANDiscriminator.Options(channel_base=base, channel_max=highest, **options | group)
    return ForeignNetwork(StyleGANDiscriminator, chosen, found), ImageSpec(
        resolution, channels, classes if classes > 1 else 0
    )


def _without_deviation(weights: dict[str, Tensor], options: Mapping[str, Any]) -> dict[str, Any]:
    """Give a head without minibatch deviation a map of it that counts nothing."""
    name = "body.head.convolution.weight"
    inputs, outputs = size_of(weights, name, 1), size_of(weights, name, 0)
    if inputs == outputs + 1:
        return {}
    if inputs != outputs:
        raise CheckpointError(f"it has {inputs - outputs} maps of minibatch deviation, and one at most is known here")
    # The scale at run time is of one more channel.
    wider = weights[name] * ((inputs + 1) / inputs) ** 0.5
    weights[name] = torch.cat([wider, torch.zeros_like(wider[:, :1])], dim=1)
    return {"minibatch_std_group": 1}


def _add_noise(weights: dict[str, Tensor], widths: Mapping[int, int]) -> None:
    """Add constant noise, and strength 0 to a network without noise; CheckpointError where some layers have it."""
    strengths = [f"blocks.{at}.{place}.noise_weight" for at in sorted(widths) for place in ("first", "second")]
    lacking = [name for name in strengths if name not in weights]
    if lacking and len(lacking) < len(strengths):
        raise CheckpointError(f"what gives {lacking[0]} is missing, and other layers have theirs")
    rng = torch.Generator().manual_seed(NOISE_SEED)
    for resolution, width in sorted(widths.items()):
        for place in ("first", "second"):
            drawn = torch.randn(1, 1, resolution, resolution, generator=rng)
            weights.setdefault(f"blocks.{resolution}.{place}.noise_const", drawn)
            weights.setdefault(f"blocks.{resolution}.{place}.noise_weight", torch.zeros(width))


def _resolution(widths: Mapping[int, int]) -> int:
    expected = {LOWEST_RESOLUTION << step for step in range(len(widths))}
    # Judged before anything of that size is made: a name alone may say 2^40 pixels.
    if len(widths) < 2 or set(widths) != expected or max(widths) > HIGHEST_RESOLUTION:
        raise CheckpointError(f"its resolutions are no row of powers of two from 4 to at most {HIGHEST_RESOLUTION}")
    return max(widths)


def _base_and_max(widths: Mapping[int, int]) -> tuple[int, int]:
    found = base_and_max(widths)
    if found is None:
        shown = ", ".join(f"{channels} at {at}" for at, channels in sorted(widths.items()))
        raise CheckpointError(f"its channels ({shown}) follow no rule that is known here")
    return found


def _names(weights: Weights, pattern: str) -> list[str]:
    return [match.group(1) for name in weights if (match := re.fullmatch(pattern, name))]


def size_of(weights: Weights, name: str, axis: int) -> int:
    """Return the length of a tensor along an axis. Raises CheckpointError where there is none."""
    if name not in weights or weights[name].ndim <= axis:
        raise CheckpointError(f"'{name}' is missing or damaged")
    return int(weights[name].shape[axis])
