"""Deep images: files of more than 8 bits per channel, of which Pillow alone gives 8 where there is color or alpha."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ganzoo.contracts.reading import DeepPicture

_MOST = 65535  # of 16 bits
_SWAPPED = {"L": "B", "B": "L", "N": "B" if np.little_endian else "L"}


def upright(image: Image.Image) -> Image.Image:
    """Load an image and turn it as its EXIF block says; one that cannot be read counts as none."""
    image.load()
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:
        image.info.pop("exif", None)
    return image


def deep_picture(image: Image.Image, again: Callable[[], Image.Image]) -> DeepPicture | None:
    """Return an image of more than 8 bits; None where it has 8, or where Pillow knows the file in no other way.

    Args:
        image: As it was opened, and not yet loaded.
        again: Opens it once more.
    """
    if image.mode.split(";")[0] in ("I", "F"):
        values = np.asarray(upright(image))
        return DeepPicture(values, _opacity(values, image.info.get("transparency")))
    layout = _layout(image)
    if layout.startswith("LA;16"):
        return _gray_with_alpha(image)
    if ";16" in layout and layout.startswith("RGB"):
        return _color(image, again(), layout)
    return None


def _layout(image: Image.Image) -> str:
    """Return how pixels lie in the file, by Pillow's name for it, such as `RGB;16B`."""
    tiles: list[Any] = getattr(image, "tile", [])
    args = tiles[0][3] if tiles else ""
    return str(args[0] if isinstance(args, tuple) and args else args)


def _lay(image: Image.Image, layout: str) -> Image.Image:
    """Have an image that is not loaded yet be read in another layout."""
    file: Any = image
    file.tile = [
        type(tile)(*tile[:3], (layout, *tile[3][1:]) if isinstance(tile[3], tuple) else layout) for tile in file.tile
    ]
    return image


def _gray_with_alpha(image: Image.Image) -> DeepPicture:
    # Two channels of two bytes are read as four of one.
    bytes_ = np.asarray(upright(_lay(image, "RGBA"))).astype(np.uint16)
    values: NDArray[np.uint16] = bytes_[:, :, 0::2] << np.uint16(8) | bytes_[:, :, 1::2]
    return DeepPicture(values[:, :, 0], _share(values[:, :, 1]))


def _color(image: Image.Image, other: Image.Image, layout: str) -> DeepPicture:
    """Read the upper bytes, and then the lower ones: as the upper ones of the other byte order."""
    premultiplied = layout.startswith("RGBa")
    layout = layout.replace("a", "A")  # Pillow would divide by alpha, byte for byte
    upper = np.asarray(upright(_lay(image, layout)))
    lower = np.asarray(upright(_lay(other, layout[:-1] + _SWAPPED[layout[-1]])))
    stored = upper.astype(np.uint16) << 8 | lower
    color: NDArray[Any] = stored[:, :, :3]
    if stored.shape[2] < 4:
        return DeepPicture(color, _opacity(color, image.info.get("transparency")))
    alpha = _share(stored[:, :, 3])
    if premultiplied:
        color = color / np.maximum(alpha, np.float32(1 / _MOST))[:, :, None]
    return DeepPicture(color, alpha)


def _share(alpha: NDArray[np.uint16]) -> NDArray[np.float32]:
    return alpha.astype(np.float32) / np.float32(_MOST)


def _opacity(values: NDArray[Any], transparent: object) -> NDArray[np.float32] | None:
    """Return an alpha for the one value or color that a PNG states to be transparent."""
    if not isinstance(transparent, int | tuple):
        return None
    same = values == np.asarray(transparent)
    return 1 - (same.all(axis=2) if same.ndim == 3 else same).astype(np.float32)
