"""Image grid: many images in one PNG, with the contrast that the network gave them."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganzoo._io.atomic import atomic_write
from ganzoo._io.os_errors import shown
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import RunError

GAP = 2


def visible(images: PixelArray) -> PixelArray:
    """Return what a picture shows of images `[..., C, H, W]`: `[..., 1 or 3, H, W]`, a view of them.

    Three channels are color, and of four the fourth, alpha, is left out. Of any other number the middle one is shown in
    gray: of a volume whose slices are channels the central slice.
    """
    channels = images.shape[-3]
    middle = channels // 2
    return images[..., :3, :, :] if channels in (3, 4) else images[..., middle : middle + 1, :, :]


def grid(images: PixelArray, columns: int | None = None, gap: int = GAP) -> PixelArray:
    """Lay uint8 images `[N, C, H, W]` out in rows on a dark ground; returns `[H', W']` or `[H', W', 3]`.

    No image is stretched or normalized: a grid that looks washed out is of images that are. Which channels it shows
    `visible` says.
    """
    images = visible(images)
    count, channels, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((channels, rows * (height + gap) + gap, columns * (width + gap) + gap), 32, np.uint8)
    for index, image in enumerate(images):
        top = gap + (index // columns) * (height + gap)
        left = gap + (index % columns) * (width + gap)
        sheet[:, top : top + height, left : left + width] = image
    if channels == 1:
        return sheet[0]
    return sheet.transpose(1, 2, 0)


def grid_png(images: PixelArray, columns: int | None = None, gap: int = GAP) -> bytes:
    """Return a grid of uint8 images `[N, C, H, W]`, `gap` pixels apart, as PNG."""
    return _png(grid(images, columns, gap))


def write_grid(
    path: Path, images: PixelArray, columns: int | None = None, facts: Mapping[str, str] | None = None
) -> None:
    """Write a grid of uint8 images `[N, C, H, W]` as PNG, atomically; `facts` of it stand in the file, by keyword."""
    atomic_write(path, _png(grid(images, columns), facts))


def read_grid(path: Path) -> tuple[PixelArray, dict[str, str]]:
    """Return the pixels of a grid, `[1, H, W]` or `[3, H, W]` of uint8, and its facts.

    Raises:
        RunError: There is no such file, or it is no picture.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            pixels = np.asarray(image.convert("L" if image.mode == "L" else "RGB"))
            facts = {str(key): str(value) for key, value in getattr(image, "text", {}).items()}
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RunError(f"{shown(path)} is no picture that can be read: {error}.") from error
    return (pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)), facts


def write_picture(path: Path, image: PixelArray, facts: Mapping[str, str] | None = None) -> None:
    """Write one uint8 image `[C, H, W]` as PNG, as `write_grid` does: what is `visible` of it."""
    seen = visible(image)
    atomic_write(path, _png(seen[0] if len(seen) == 1 else seen.transpose(1, 2, 0), facts))


def _png(pixels: PixelArray, facts: Mapping[str, str] | None = None) -> bytes:
    buffer, info = io.BytesIO(), PngInfo()
    for key, value in (facts or {}).items():
        info.add_text(key, value)
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, format="PNG", pnginfo=info)
    return buffer.getvalue()
