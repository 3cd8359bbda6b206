"""Metric values: how one is shown, a value with its error, and what it was measured to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Display:
    """How one value of a metric is shown.

    Attributes:
        stem: Its name, which the extractor's label completes: `FD` is shown as `FD-random`.
        published: Its name in the features that the metric was published with: `FID`. Empty: as in any others.
        lower_is_better: Its direction.
        unit: What stands behind the name where values are scaled: `×10³`.
        scale: What values are multiplied with before they are shown.
    """

    stem: str
    published: str = ""
    lower_is_better: bool = True
    unit: str = ""
    scale: float = 1.0


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error (of drawing other images for this reference), and what a reader must know."""

    value: float
    standard_error: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sensitivity:
    """What a value was measured to see: how far disturbed real images move it, as `ganzoo metrics` shows it.

    Attributes:
        measured_on: With which images, how many, in whose features, in a phrase.
        standard_deviations: By disturbance, in words: how far it moves towards worse, in standard deviations of the
            value over draws of undisturbed images. Beyond 5 it sees the disturbance, within 3 it does not.
    """

    measured_on: str
    standard_deviations: Mapping[str, float]
