"""Image grid: many images in one PNG, with the contrast that the network gave them."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo._io.atomic import atomic_write
from ganzoo.contracts.component import PixelArray

GAP = 2


def grid(images: PixelArray, columns: int | None = None) -> PixelArray:
    """Lay uint8 images `[N, C, H, W]` out in rows on a dark ground; returns `[H', W']` or `[H', W', 3]`.

    No image is stretched or normalized: a grid that looks washed out is of images that are.
    """
    count, channels, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((channels, rows * (height + GAP) + GAP, columns * (width + GAP) + GAP), 32, np.uint8)
    for index, image in enumerate(images):
        top = GAP + (index // columns) * (height + GAP)
        left = GAP + (index % columns) * (width + GAP)
        sheet[:, top : top + height, left : left + width] = image
    if channels == 1:
        return sheet[0]
    return sheet[:3].transpose(1, 2, 0)


def grid_png(images: PixelArray, columns: int | None = None) -> bytes:
    """Return a grid of uint8 images `[N, C, H, W]` as PNG."""
    return _png(grid(images, columns))


def write_grid(path: Path, images: PixelArray, columns: int | None = None) -> None:
    """Write a grid of uint8 images `[N, C, H, W]` as PNG, atomically."""
    atomic_write(path, grid_png(images, columns))


def write_picture(path: Path, image: PixelArray) -> None:
    """Write one uint8 image `[C, H, W]` as PNG, atomically; channels after the third are left out."""
    atomic_write(path, _png(image[0] if len(image) == 1 else image[:3].transpose(1, 2, 0)))


def _png(pixels: PixelArray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, format="PNG")
    return buffer.getvalue()
