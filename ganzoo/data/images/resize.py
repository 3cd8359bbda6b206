"""Resizing: an image made square and brought to its size, with the same result on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.contracts.reading import Resize, Shape

Plane = NDArray[np.uint8] | NDArray[np.float32]

_BLOCK_COLUMNS = 256  # bounds the memory that 64 Mpx take
_PILLOW = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
}


def to_square(
    plane: Plane, resolution: int, resize: Resize = "auto", shape: Shape = "crop", background: int = 0
) -> NDArray[np.uint8]:
    """Bring `[H, W]` in [0, 255] to `[R, R]`.

    Args:
        plane: One channel.
        resolution: Side of the result.
        resize: The filter.
        shape: What happens to an image that is not square; `square` must have been refused before.
        background: Gray level of what is padded.
    """
    if shape == "crop":
        plane = _cropped(plane)
    elif shape == "pad":
        plane = _padded(plane, background)
    height, width = plane.shape
    if height == resolution == width:
        return _rounded(plane)
    filter_ = filter_for(resize, height, width, resolution)
    if filter_ == "area":
        return _area_mean(plane, resolution)
    if plane.dtype == np.uint8:
        picture = Image.fromarray(np.ascontiguousarray(plane))
    else:
        picture = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return _rounded(np.asarray(picture.resize((resolution, resolution), _PILLOW[filter_])))


def image_to_square(image: Image.Image, resolution: int, resize: Resize, shape: Shape) -> NDArray[np.uint8] | None:
    """Bring all channels of an 8-bit image to `[C, R, R]` at once, to the same values as `to_square` one by one.

    Returns None where Pillow could not: sides that are padded, means over areas of other sizes than powers of two.
    """
    if shape == "pad":
        return None
    box = (0, 0, image.width, image.height)
    if shape == "crop":
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
    width, height = box[2] - box[0], box[3] - box[1]
    filter_ = filter_for(resize, height, width, resolution)
    if (height, width) == (resolution, resolution):
        image = image.crop(box)
    elif filter_ != "area":
        image = image.crop(box).resize((resolution, resolution), _PILLOW[filter_])
    elif width % resolution or height % resolution or (width * height // resolution**2).bit_count() != 1:
        return None
    else:
        image = image.reduce((width // resolution, height // resolution), box)
    pixels = np.array(image, np.uint8)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(np.moveaxis(pixels, 2, 0))


def filter_for(resize: Resize, height: int, width: int, resolution: int) -> str:
    """Return which filter `auto` stands for at this size, or the one that was asked for."""
    if resize != "auto":
        return resize
    return "area" if height % resolution == 0 and width % resolution == 0 else "lanczos"


def _cropped(plane: Plane) -> Plane:
    height, width = plane.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return plane[top : top + side, left : left + side]


def _padded(plane: Plane, background: int) -> Plane:
    height, width = plane.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.full((side, side), background, plane.dtype)
    square[top : top + height, left : left + width] = plane
    return square


def _rounded(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return np.array(values, np.uint8)
    return np.floor(np.clip(values.astype(np.float64), 0, 255) + 0.5).astype(np.uint8)


def _area_mean(plane: Plane, resolution: int) -> NDArray[np.uint8]:
    """Average over exact areas: a source pixel on a border counts by the part of it that lies inside.

    Whole numbers stay whole up to the last division, so 8-bit images come out the same everywhere.
    """
    height, width = plane.shape
    if plane.dtype == np.uint8 and height % resolution == 0 and width % resolution == 0:
        across = plane.reshape(height, resolution, -1).sum(axis=2, dtype=np.uint32)
        whole = across.reshape(resolution, -1, resolution).sum(axis=1, dtype=np.int64)
        size = (height // resolution) * (width // resolution)
        return ((2 * whole + size) // (2 * size)).astype(np.uint8)
    exact = np.int64 if plane.dtype == np.uint8 else np.float64
    blocks = [
        _sums(plane[:, start : start + _BLOCK_COLUMNS].astype(exact), resolution)
        for start in range(0, width, _BLOCK_COLUMNS)
    ]
    sums = _sums(np.concatenate(blocks, axis=1).T, resolution).T
    size = height * width
    if exact is np.int64:
        return ((2 * sums + size) // (2 * size)).astype(np.uint8)
    return _rounded(sums / size)


def _sums(values: NDArray[Any], resolution: int) -> NDArray[Any]:
    """Sum `[N, M]` over R equal stretches of the first axis, in units of 1/R of a source pixel: `[R, M]`."""
    side = len(values)
    running = np.zeros((side + 1, values.shape[1]), values.dtype)
    np.cumsum(values, axis=0, out=running[1:])
    whole, part = np.divmod(np.arange(resolution + 1) * side, resolution)
    borders = running[whole] * resolution + values[np.minimum(whole, side - 1)] * part[:, None]
    return np.diff(borders, axis=0)
