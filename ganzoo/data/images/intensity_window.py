"""Grayscale of more than 8 bits: which intensity becomes black and which white."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ganzoo.errors import DataError

Window = Literal["range", "full", "percentile", "header"] | tuple[float, float]
"""How deep grayscale becomes 0..255, always linearly.

- `range`: the image's own darkest to its brightest value. Nothing is clipped; brightness is not comparable from
  image to image. (Of a volume or a DICOM series all slices share one window, here and for `percentile`.)
- `full`: 0 to 65535, for data that use all 16 bits; a value outside is an error.
- `percentile`: the image's own 0.5th to 99.5th percentile; the 1 % outside becomes black or white.
- `header`: what the file itself states, as DICOM files may.
- `[low, high]`: the same for all images of the data set; what is outside becomes black or white.
"""

_PERCENTILES = (0.5, 99.5)
_FULL = (0, 65535)


def windowed(values: NDArray[np.generic], window: Window, name: str) -> NDArray[np.float32]:
    """Map deep intensities to [0, 255], not yet rounded.

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
