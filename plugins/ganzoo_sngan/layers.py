"""Layers of both SNGAN networks: options, widths, initial weights, spectral normalization, attention."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Literal

from pydantic import Field, PositiveInt
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import ComponentOptions
from ganzoo.layers import SelfAttention2d

_PLAIN_DEVIATION = 0.02  # of the plain networks' weights, as DCGAN's (authors' first code, chainer-gan-lib)
# Glorot's uniform weights, larger by this where a ReLU follows (authors' code of the residual networks).
RELU_GAIN = math.sqrt(2)


class SNGANOptions(ComponentOptions):
    """Options that both networks have."""

    architecture: Literal["residual", "plain"] = Field(
        default="residual",
        description="Residual blocks (table 4 of the paper), or the plain, DCGAN-like network (table 3).",
    )
    attention_at: tuple[PositiveInt, ...] = Field(
        default=(), description="Resolutions of maps with self-attention; SAGAN's 128x128 networks have it at 32."
    )
    spectral_norm: bool
    width: PositiveInt
    max_width: PositiveInt


def channels(options: SNGANOptions, resolution: int, at: int) -> int:
    """Return the channels of maps of a resolution: twice as many for each halving, up to `max_width`."""
    return min(options.width * resolution // at, options.max_width)


def attention_problem(part: str, options: SNGANOptions, having: Sequence[int]) -> str | None:
    """Say which maps that are to have attention `part` does not have, or None."""
    missing = [each for each in options.attention_at if each not in having]
    if not missing:
        return None
    return (
        f"{part} has no maps of {missing[0]} pixels to attend to (attention_at): it has {', '.join(map(str, having))}"
    )


def attention(options: SNGANOptions, width: int, at: int) -> nn.Module:
    """Return the attention of maps of a resolution; nothing where there is none."""
    if at not in options.attention_at:
        return nn.Identity()
    return SelfAttention2d(width, convolution=partial(convolution, options, size=1, bias=False))


def convolution(
    options: SNGANOptions, inputs: int, outputs: int, *, size: int, gain: float = 1.0, bias: bool = True
) -> nn.Module:
    """Return a convolution that keeps the size of maps."""
    return _prepared(nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=bias), options, gain)


def halving(options: SNGANOptions, inputs: int, outputs: int) -> nn.Module:
    """Return a convolution that halves the size of maps: 4x4, stride 2."""
    return _prepared(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), options)


def doubling(options: SNGANOptions, inputs: int, outputs: int) -> nn.Module:
    """Return a transposed convolution that doubles the size of maps: 4x4, stride 2."""
    return _prepared(nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1), options)


def linear(options: SNGANOptions, inputs: int, outputs: int, *, bias: bool = True) -> nn.Module:
    """Return a dense layer."""
    return _prepared(nn.Linear(inputs, outputs, bias=bias), options)


def _prepared(layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, options: SNGANOptions, gain: float = 1.0) -> nn.Module:
    """Draw a layer's initial weights, then divide them by their spectral norm if that is asked for."""
    if options.architecture == "plain":
        nn.init.normal_(layer.weight, 0.0, _PLAIN_DEVIATION)
    else:
        nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    if not options.spectral_norm:
        return layer
    # One power iteration in each forward of a training (algorithm 1); in evaluation the vectors rest.
    normalized: nn.Module = spectral_norm(layer)
    return normalized
