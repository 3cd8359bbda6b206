"""Extractor capabilities: what some extractors can do beyond their contract, known by their methods; without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import nn


@runtime_checkable
class Perceptual(Protocol):
    """Of an extractor: features in which squared distances say how different images look, and that can be descended."""

    def perceptual(self) -> nn.Module:
        """Return a network from float images `[N, 3, R, R]` in [-1, 1] to features `[N, D]`, without random draws."""


@runtime_checkable
class FeatureMaps(Protocol):
    """Of an extractor: maps of several resolutions that critics and losses may read (arXiv:2111.01007, section 3)."""

    def map_shapes(self, resolution: int) -> Sequence[tuple[int, int]]:
        """Return channels and side of each map of images `[N, 3, R, R]`, finest first; none where it is too small."""

    def feature_maps(self) -> nn.Module:
        """Return a network from float images in [-1, 1] to a tuple of these maps, differentiable, without draws."""
