"""Time left of a training, phase by phase: as measured at each resolution, estimated where none was trained yet."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from ganzoo._recipe.recipe import Recipe
from ganzoo.contracts.phase import Phase

_KEPT = 0.998  # of what was measured before, per step: a mean over some hundred steps follows a machine that slows down
_GROWTH = 0.7  # power of the arithmetic that time grows with: small resolutions wait for launches more than for numbers
_PATIENCE_SECONDS = 10.0  # of training, before the arithmetic is asked for: that takes some seconds by itself

Key = tuple[int, int]


class TimeLeft:
    """Says how long the rest of a schedule takes.

    Args:
        phases: The schedule.
        work: Returns arithmetic per image for each resolution; asked once, if at all.
    """

    def __init__(self, phases: Sequence[Phase], work: Callable[[], Mapping[int, float]]) -> None:
        self._phases, self._work = phases, work
        self._arithmetic: Mapping[int, float] | None = None
        self._seconds: dict[Key, float] = {}
        self._images: dict[Key, float] = {}

    def measured(self, phase: Phase, seconds: float) -> None:
        """Take how long a step took, with all that happened beside it."""
        key = _key(phase)
        self._seconds[key] = _KEPT * self._seconds.get(key, 0.0) + seconds
        self._images[key] = _KEPT * self._images.get(key, 0.0) + phase.batch_size

    def predict(self, images_seen: int) -> tuple[float, bool]:
        """Return the seconds left from a point of training on, and whether all of them go by what was measured."""
        total, is_measured = 0.0, True
        for phase in self._phases:
            images = phase.end - max(phase.start, images_seen)
            if images > 0:
                is_measured &= _key(phase) in self._images
                total += images * self._per_image(phase)
        return total, is_measured

    def _per_image(self, phase: Phase) -> float:
        """Return seconds per image: as measured, or from the nearest resolution that was, by the arithmetic."""
        key = _key(phase)
        if key in self._images:
            return self._seconds[key] / self._images[key]
        if not self._images:
            return 0.0
        near = min(self._images, key=lambda other: (abs(math.log2(other[0] / key[0])), other[1] != key[1], -other[0]))
        per_image = self._seconds[near] / self._images[near]
        return float(per_image * (self._work_at(key[0]) / self._work_at(near[0])) ** self._power(near[0]))

    def _power(self, resolution: int) -> float:
        """Return the power of the arithmetic by which time grew up to a resolution, where that was measured."""
        below = [key for key in self._images if key[0] < resolution]
        here = [key for key in self._images if key[0] == resolution]
        if not below or not here:
            return _GROWTH
        low, high = max(below), max(here)
        ratio = self._work_at(high[0]) / self._work_at(low[0])
        took = self._seconds[high] / self._images[high] / (self._seconds[low] / self._images[low])
        return min(1.0, max(0.3, math.log(took) / math.log(ratio))) if ratio > 1 and took > 0 else _GROWTH

    def _work_at(self, resolution: int) -> float:
        if self._arithmetic is None:
            if sum(self._seconds.values()) < _PATIENCE_SECONDS:
                return float(resolution**2)
            self._arithmetic = self._work()
        return self._arithmetic.get(resolution) or float(resolution**2)


def _key(phase: Phase) -> Key:
    return phase.resolution, phase.batch_size


def arithmetic(recipe: Recipe) -> dict[int, float]:
    """Return the floating-point operations per image of both networks' forwards, by resolution.

    They run on no numbers; empty where a network cannot.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from ganzoo._inference.build import build_part
    from ganzoo._training.growth import grow

    found: dict[int, float] = {}
    spec = recipe.dataset.cls.spec_of(recipe.dataset.options)
    try:
        with torch.no_grad(), torch.device("meta"):
            generator = build_part("generator", recipe.generator, spec)
            discriminator = build_part("discriminator", recipe.discriminator, spec)
            # The counter follows whatever asks for gradients, such as a learned constant, and there are none here.
            generator.requires_grad_(False)
            discriminator.requires_grad_(False)
            for phase in recipe.phases:
                count, labels = phase.batch_size, torch.zeros(phase.batch_size, spec.label_dim)
                grow((generator, discriminator), phase.resolution, 1.0)
                with FlopCounterMode(display=False) as counter:
                    discriminator(generator(torch.zeros(count, generator.latent_dim), labels), labels)
                found[phase.resolution] = counter.get_total_flops() / count
    except Exception:  # a part that looks at numbers has none there: pixels will do
        return {}
    return {resolution: work for resolution, work in found.items() if work > 0}
