"""Directions: how much there is of each direction and scale in an image, by Gabor filters. Needs no weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from ganzoo import Extractor, Layer, WeightsFile, hookimpl

requires_ganzoo_api = 2

_WAVELENGTHS, _ANGLES = (3.0, 6.0, 12.0), 8  # pixels; angles in half a turn
_REACH = 12  # pixels from the middle of a filter to its edge
_WIDTH = 2 * len(_WAVELENGTHS) * _ANGLES  # a mean and a deviation for each


class YourPart(Extractor):
    """Mean and deviation of an image's response to filters of 8 directions and 3 scales.

    Scores in these features are labeled FD-your_part, KD-your_part and so on.
    """

    name = "your-part"
    label = "your_part"
    # By role: `pooled` is what distances are taken in. The name is what `build` is asked for.
    layers: ClassVar[Mapping[str, Layer]] = {"pooled": Layer("energies", width=_WIDTH)}

    def weights(self) -> WeightsFile | None:
        return None  # of a network with weights: `ganzoo.weights` finds their file and checks its SHA-256

    def identity(self) -> Mapping[str, str | int | float | bool]:
        # All that can change a feature's value: it enters the protocol, and scores of another one are never compared.
        return {"filters": "Gabor, 8 angles, wavelengths 3, 6, 12", "version": 1, "resize": "none"}

    def build(self, layers: Sequence[str]) -> nn.Module:
        return Energies().requires_grad_(False).eval()


class Energies(nn.Module):
    """uint8 images `[N, 3, H, W]` to a tuple of features, one for each layer asked for: here `[N, 48]` alone."""

    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        pairs = [gabor(length, math.pi * k / _ANGLES) for length in _WAVELENGTHS for k in range(_ANGLES)]
        self.register_buffer("filters", torch.stack([each for pair in pairs for each in pair])[:, None])

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        gray = images.float().mean(dim=1, keepdim=True) / 127.5 - 1  # gray images come as three equal channels
        around = pad(gray, (_REACH,) * 4, mode="replicate")
        # A filter and its partner a quarter wave on: together they see a wave wherever its crests are.
        waves = conv2d(around, self.filters)
        energy = (waves[:, ::2].square() + waves[:, 1::2].square() + 1e-8).sqrt()
        return (torch.cat([energy.mean(dim=(2, 3)), energy.std(dim=(2, 3))], dim=1),)


def gabor(wavelength: float, angle: float) -> tuple[Tensor, Tensor]:
    """Return a wave under a bell and its partner a quarter wave on, `[25, 25]` each, blind to flat areas."""
    axis = torch.arange(-_REACH, _REACH + 1, dtype=torch.float32)
    along = axis[None, :] * math.cos(angle) + axis[:, None] * math.sin(angle)
    bell = torch.exp(-(axis[None, :] ** 2 + axis[:, None] ** 2) / (2 * (wavelength / 2) ** 2))
    bell = bell / bell.sum()
    even, odd = torch.cos(2 * math.pi * along / wavelength), torch.sin(2 * math.pi * along / wavelength)
    return bell * (even - (bell * even).sum()), bell * odd


@hookimpl
def ganzoo_extractors() -> list[type[Extractor]]:
    return [YourPart]
