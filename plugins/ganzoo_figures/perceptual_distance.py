"""Perceptual distance: how far images are from given ones by what an extractor sees, or by pixels without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo import Perceptual, RefusedError, WeightsError
from ganzoo.figures import OpenedGenerator, extractor_of, three_channels

PIXELS, AUTO = "pixels", "auto"
_OF_PIXELS, _OF_FEATURES = 1.0, 1e5  # arXiv:1912.04958, appendix D, for features


@dataclass(frozen=True)
class Distance:
    """A distance between images.

    Attributes:
        name: Its name: that of an extractor, or `pixels`.
        identity: All that can move its values, as plain data.
        whiteness: Weight of the penalty that keeps fitted noise white, in proportion to this distance's slopes.
        network: Images `[N, 3, R, R]` to features; None: pixels themselves.
    """

    name: str
    identity: dict[str, Any]
    whiteness: float
    network: nn.Module | None = None

    def to(self, targets: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the distance to targets `[N, C, R, R]` in [-1, 1]: images `[N, C, R, R]` to `[N]`."""
        if self.network is None:
            return lambda images: (images - targets).square().mean(dim=(1, 2, 3))
        network = self.network
        with torch.no_grad():
            wanted = network(three_channels(targets))
        return lambda images: (network(three_channels(images)) - wanted).square().sum(dim=1)


def perceptual_distance(generator: OpenedGenerator, name: str = AUTO) -> Distance:
    """Return a distance by name: `pixels`, an extractor, or `auto`.

    `auto` is that of the extractor which the run is scored by, if it has one, sees such images and its weights are
    there, else pixels.

    Raises:
        RefusedError: An extractor was named that has no perceptual distance, or does not see such images.
        PluginError: There is no such extractor.
        WeightsError: Its weights are not there.
    """
    if name == PIXELS:
        return Distance(PIXELS, {"distance": "mean squared difference of pixels in [-1, 1]"}, _OF_PIXELS)
    if name == AUTO and generator.run.was_imported:
        return perceptual_distance(generator, PIXELS)
    try:
        extractor = extractor_of(generator, None if name == AUTO else name)
        if isinstance(extractor, Perceptual):
            identity = {"distance": "squared, of perceptual features", **extractor.identity()}
            network = extractor.perceptual().to(generator.device).eval().requires_grad_(False)
            return Distance(extractor.name, identity, _OF_FEATURES, network)
    except (RefusedError, WeightsError):
        if name != AUTO:
            raise
    if name == AUTO:
        return perceptual_distance(generator, PIXELS)
    raise RefusedError(
        f"extractor '{name}' has no perceptual distance (it lacks the capability Perceptual); choose another, or "
        f"'{PIXELS}'"
    )
