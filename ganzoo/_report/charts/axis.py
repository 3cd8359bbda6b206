"""Axis: where a value lies between two pixels, and which values are written beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 4.0, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """A linear or logarithmic axis.

    Attributes:
        low: Value at `start`.
        high: Value at `end`.
        start: Pixel.
        end: Pixel.
        log: Whether equal ratios are equally far apart; then `low` is above 0.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    @classmethod
    def around(
        cls, values: Iterable[float], start: float, end: float, *, log: bool = False, from_zero: bool = False
    ) -> Axis:
        """Return the axis that shows all of these values, with a margin.

        Args:
            values: Whatever is drawn; what is not finite is passed over.
            start: Pixel of the low end.
            end: Pixel of the high end.
            log: Whether to use logarithms, where all values are above 0.
            from_zero: Whether it begins at 0, where no value is below.
        """
        known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
        low, high = min(known), max(known)
        if log and low > 0:
            margin = max(1.05, (high / low) ** 0.06)
            return cls(low / margin, high * margin, start, end, log=True)
        margin = 0.06 * (high - low) or 0.1 * abs(high) or 0.5
        if from_zero and low >= 0:
            return cls(0.0, high + margin, start, end)
        return cls(low - margin, high + margin, start, end)

    def place(self, value: float) -> float:
        """Return the pixel of a value, kept between the ends."""
        low, high, at = (self._scaled(each) for each in (self.low, self.high, value))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Return round values between the ends."""
        if self.log and self.high / self.low >= 4:
            for digits in ((1, 2, 5), (1, 3), (1,)):
                decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
                found = [digit * 10.0**decade for decade in decades for digit in digits]
                found = [value for value in found if self.low <= value <= self.high]
                if 2 <= len(found) <= most:
                    return found
        return self._even(most)

    def label(self, value: float) -> str:
        """Return how a tick is written."""
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:.3g}"

    def _even(self, most: int) -> list[float]:
        raw = (self.high - self.low) / max(1, most - 1)
        magnitude = 10.0 ** math.floor(math.log10(raw))
        step = next(magnitude * each for each in _STEPS if magnitude * each >= raw * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [float(f"{index * step:.12g}") for index in range(first, last + 1)]

    def _scaled(self, value: float) -> float:
        return math.log(max(value, 1e-300)) if self.log else value
