"""Intensity window: which value of an image of more than 8 bits becomes black and which white."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.contracts.reading import Window
from ganzoo.errors import DataError

_PERCENTILES = (0.5, 99.5)
_FULL = (0, 65535)


def windowed(values: NDArray[np.generic], window: Window, name: str) -> NDArray[np.float32]:
    """Map intensities of more than 8 bits to [0, 255], not yet rounded.

    Args:
        values: `[H, W]` of integers or floats.
        window: The rule.
        name: What messages call the image.

    Raises:
        DataError: There are values that are not finite, or outside what `full` allows.
    """
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError(f"{name}: has values that are not finite")
    return scaled(values, bounds_of(values, window, name))


def scaled(values: NDArray[np.generic], bounds: tuple[float, float]) -> NDArray[np.float32]:
    """Map intensities linearly to [0, 255], the first of `bounds` to 0; where they do not rise, all to 0."""
    low, high = bounds
    if high <= low:
        return np.zeros(values.shape, np.float32)
    exact = values.astype(np.float64)
    exact -= low
    exact *= 255 / (high - low)
    return np.clip(exact, 0, 255, out=exact).astype(np.float32)


def bounds_of(values: NDArray[np.generic], window: Window, name: str) -> tuple[float, float]:
    """Return which of these intensities is black and which white, of those that are finite. Raises DataError."""
    if isinstance(window, tuple):
        return window
    if window == "header":
        raise DataError(f"{name}: states no window of its own; choose 'range', 'percentile' or [low, high]")
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        values = values[finite]
    if not values.size:
        return 0.0, 0.0  # nothing is to be seen
    low, high = float(values.min()), float(values.max())
    if window == "percentile":
        exact: NDArray[Any] = values.astype(np.float64) if values.dtype == np.float16 else values
        return float(np.percentile(exact, _PERCENTILES[0])), float(np.percentile(exact, _PERCENTILES[1]))
    if window == "range":
        return low, high
    if low < _FULL[0] or high > _FULL[1]:
        raise DataError(
            f"{name}: has values from {low:g} to {high:g}, outside the 16 bits that window 'full' takes; "
            "choose window 'range', 'percentile' or [low, high]"
        )
    return _FULL
