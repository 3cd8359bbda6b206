"""Metric values: how one is shown, a value with its error, and what it was measured to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Transform = Literal["log", "logit", "raw"]


@dataclass(frozen=True)
class Display:
    """How one value of a metric is shown.

    Attributes:
        stem: Its name, which the extractor's label completes: `FD` is shown as `FD-random`.
        published: Its name in the features that the metric was published with: `FID`. Empty: as in any others.
        lower_is_better: Its direction.
        unit: What stands behind the name where values are scaled: `×10³`.
        scale: What values are multiplied with before they are shown.
        transform: Scale on which its errors are even, so that one spread over trainings can be that of all rows of a
            table: `log`, errors are shares of the value, as of positive distances; `logit`, of shares between 0 and 1;
            `raw`, errors do not depend on the value. Near the end of a scale (KID near 0) tables use `raw`.
    """

    stem: str
    published: str = ""
    lower_is_better: bool = True
    unit: str = ""
    scale: float = 1.0
    transform: Transform = "log"


@dataclass(frozen=True)
class Estimate:
    """A value with its sampling error, and what a reader must know.

    Attributes:
        value: The value.
        standard_error: Its error if other images were drawn from the same network; None: not known.
        notes: What a reader must know, in the same words for all values that it holds for.
        degrees_of_freedom: Of Student's interval from that error; None: those of the blocks left out.
        error_unit: What the error is of: `image`, other generated images for this very reference; `subject`, other
            subjects in the reference too.
        subjects: Their number, if so.
        bias: How far the value is expected to lie above that of infinitely many generated images; None: not known.
        by_class: The same of each class, by its number, in the same units, with its own error and notes, which say
            where a class has too few images; empty: not known by class. Records add how many images each has.
    """

    value: float
    standard_error: float | None = None
    notes: tuple[str, ...] = ()
    degrees_of_freedom: float | None = None
    error_unit: Literal["image", "subject"] = "image"
    subjects: int | None = None
    bias: float | None = None
    by_class: Mapping[int, Estimate] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Sensitivity:
    """What a value was measured to see: how far disturbed real images move it, as `ganzoo metrics` shows it.

    Attributes:
        measured_on: With which images, how many, in whose features, in a phrase.
        standard_deviations: By disturbance, in words: how far it moves towards worse, in standard deviations of the
            value over draws of undisturbed images.
    """

    measured_on: str
    standard_deviations: Mapping[str, float]

    @property
    def sees(self) -> tuple[str, ...]:
        """The disturbances that it sees: more than 5 standard deviations."""
        return self._between(5.0, float("inf"))

    @property
    def sees_weakly(self) -> tuple[str, ...]:
        """Those of 3 to 5 standard deviations, which more images would show."""
        return self._between(3.0, 5.0)

    @property
    def does_not_see(self) -> tuple[str, ...]:
        """Those that chance alone would show, at so many images."""
        return self._between(-3.0, 3.0)

    @property
    def prefers(self) -> tuple[str, ...]:
        """Those that it takes for an improvement, as copies of the reference."""
        return self._between(float("-inf"), -3.0)

    def _between(self, low: float, high: float) -> tuple[str, ...]:
        return tuple(name for name, moved in self.standard_deviations.items() if low < moved <= high)
