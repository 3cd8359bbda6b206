"""Files of figures that write a folder, each written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from ganzoo._io.atomic import write_json
from ganzoo._io.image_grid import write_picture
from ganzoo._io.npy import writing_floats
from ganzoo.contracts.component import PixelArray

__all__ = ["write_floats", "write_image", "write_json"]


def write_floats(path: Path, values: Tensor) -> Path:
    """Write a tensor as a `.npy` file of float32, and return its path."""
    with writing_floats(path, values.shape) as write:
        write(values)
    return path


def write_image(path: Path, image: PixelArray) -> Path:
    """Write an image, uint8 `[C, H, W]`, as a PNG file, and return its path."""
    write_picture(path, image)
    return path
