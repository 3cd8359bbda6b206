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
    low, high = bounds_of(values, window, name)
    if high <= low:
        return np.zeros(values.shape, np.float32)
    scaled = values.astype(np.float64)
    scaled -= low
    scaled *= 255 / (high - low)
    return np.clip(scaled, 0, 255, out=scaled).astype(np.float32)


def bounds_of(values: NDArray[np.generic], window: Window, name: str) -> tuple[float, float]:
    """Return which of these intensities is black and which white. Raises DataError."""
    if isinstance(window, tuple):
        return window
    if window == "header":
        raise DataError(f"{name}: states no window of its own; choose 'range', 'percentile' or [low, high]")
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError(f"{name}: has values that are not finite")
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
