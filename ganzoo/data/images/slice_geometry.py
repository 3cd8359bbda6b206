"""Slice geometry: pixels made square by the distances that a file states, and a frame around the center."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.contracts.reading import Resize
from ganzoo.data.images.pixels import MAX_PIXELS
from ganzoo.errors import DataError

Spacing = tuple[float, float] | None
"""How far apart rows and columns are; None where nothing says so, and numbers that are no distances count as None."""


def squared_pixels(picture: NDArray[Any], spacing: Spacing, name: str, resize: Resize = "auto") -> NDArray[Any]:
    """Resample a picture so that its rows are as far apart as its columns.

    The side with the larger pixels gets more of them, by linear interpolation (`nearest` where `resize` says so):
    no intensity is made up beyond those that were there.

    Args:
        picture: `[H, W]` or `[H, W, C]`.
        spacing: How far apart its rows and columns are.
        name: What messages call it.
        resize: The filter that the dataset asks for.

    Raises:
        DataError: It would have too many pixels.
    """
    height, width = _squared(picture.shape[0], picture.shape[1], spacing, name)
    return _stretched(_stretched(picture, 0, height, resize), 1, width, resize)


def squared_image(image: Image.Image, spacing: Spacing, name: str, resize: Resize = "auto") -> Image.Image:
    """Do the same to an image of Pillow's. Raises DataError."""
    height, width = _squared(image.height, image.width, spacing, name)
    if (width, height) == image.size:
        return image
    kind = Image.Resampling.NEAREST if resize == "nearest" else Image.Resampling.BILINEAR
    return image.resize((width, height), kind)


def _squared(height: int, width: int, spacing: Spacing, name: str) -> tuple[int, int]:
    """Return height and width with square pixels. Raises DataError."""
    if spacing is None or not (np.isfinite(spacing).all() and min(spacing) > 0):
        return height, width
    sides = zip((height, width), spacing, strict=True)
    # In this order no distance, however small, overflows to an infinite number of pixels that could not be counted.
    height, width = (max(round(min(side * (own / min(spacing)), MAX_PIXELS)), 1) for side, own in sides)
    if height * width > MAX_PIXELS:
        raise DataError(
            f"{name}: its pixels are {spacing[0]:.3g} by {spacing[1]:.3g} apart; with square ones it would have more "
            f"than {MAX_PIXELS // 10**6} million. Show them as they are with dataset.spacing = 'ignore'"
        )
    return height, width


def framed(picture: NDArray[Any], side: int | None, black: float) -> NDArray[Any]:
    """Return the centered square of `side` pixels; what it reaches beyond the picture has the value `black`."""
    if side is None:
        return picture
    for axis in (0, 1):
        length = picture.shape[axis]
        if length > side:
            start = (length - side) // 2
            picture = np.take(picture, np.arange(start, start + side), axis)
        else:
            before = (side - length) // 2
            widths = [(0, 0)] * picture.ndim
            widths[axis] = (before, side - length - before)
            picture = np.pad(picture, widths, constant_values=black)
    return picture


def _stretched(array: NDArray[Any], axis: int, length: int, resize: Resize) -> NDArray[Any]:
    """Give an axis more pixels, at the places where their centers lie between those of the old ones."""
    old = array.shape[axis]
    if length == old:
        return array
    places = np.clip((np.arange(length) + 0.5) * (old / length) - 0.5, 0, old - 1)
    if resize == "nearest" or array.dtype == np.bool_:
        return np.take(array, np.floor(places + 0.5).astype(np.int64), axis)
    lower = np.minimum(places.astype(np.int64), max(old - 2, 0))
    weights = (places - lower).reshape([-1 if number == axis else 1 for number in range(array.ndim)])
    upper = np.minimum(lower + 1, old - 1)
    between = np.take(array, lower, axis) * (1 - weights) + np.take(array, upper, axis) * weights
    return np.floor(between + 0.5).astype(np.uint8) if array.dtype == np.uint8 else between
