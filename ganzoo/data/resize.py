"""Cutting out the centre and changing the size, with the same result on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_BLOCK_COLUMNS = 256  # bounds the memory that 64 Mpx take


def to_square(plane: NDArray[np.uint8] | NDArray[np.float32], resolution: int) -> NDArray[np.uint8]:
    """Cut the largest centred square out of `[H, W]` in [0, 255] and bring it to `[R, R]`."""
    height, width = plane.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = plane[top : top + side, left : left + side]
    if side < resolution:
        enlarged = Image.fromarray(np.ascontiguousarray(square)).resize(
            (resolution, resolution), Image.Resampling.BILINEAR
        )
        return _rounded(np.asarray(enlarged))
    if side == resolution:
        return _rounded(square)
    return _area_mean(square, resolution)


def _rounded(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return np.array(values, np.uint8)
    return np.floor(np.clip(values.astype(np.float64), 0, 255) + 0.5).astype(np.uint8)


def _area_mean(square: NDArray[np.uint8] | NDArray[np.float32], resolution: int) -> NDArray[np.uint8]:
    """Average over exact areas: a source pixel on a border counts by the part of it that lies inside.

    Whole numbers stay whole up to the last division, so 8-bit images come out the same everywhere.
    """
    side = len(square)
    exact = np.int64 if square.dtype == np.uint8 else np.float64
    blocks = [
        _sums(square[:, start : start + _BLOCK_COLUMNS].astype(exact), resolution)
        for start in range(0, side, _BLOCK_COLUMNS)
    ]
    sums = _sums(np.concatenate(blocks, axis=1).T, resolution).T
    if exact is np.int64:
        return ((2 * sums + side * side) // (2 * side * side)).astype(np.uint8)
    return _rounded(sums / (side * side))


def _sums(values: NDArray[Any], resolution: int) -> NDArray[Any]:
    """Sum `[N, M]` over R equal stretches of the first axis, in units of 1/R of a source pixel: `[R, M]`."""
    side = len(values)
    running = np.zeros((side + 1, values.shape[1]), values.dtype)
    np.cumsum(values, axis=0, out=running[1:])
    whole, part = np.divmod(np.arange(resolution + 1) * side, resolution)
    borders = running[whole] * resolution + values[np.minimum(whole, side - 1)] * part[:, None]
    return np.diff(borders, axis=0)
