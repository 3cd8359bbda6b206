"""Samples: images of seeds, shown inline as a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo._io.image_grid import grid_png, write_grid
from ganzoo.contracts.component import PixelArray


@dataclass(frozen=True, repr=False)
class Samples:
    """Images of seeds.

    Attributes:
        seeds: One per image.
        pixels: uint8 `[N, C, R, R]`.
    """

    seeds: Sequence[int]
    pixels: PixelArray

    def write(self, path: str | Path, columns: int | None = None) -> Path:
        """Write a grid of the images as PNG, atomically, and return where it is."""
        write_grid(Path(path), self.pixels, columns)
        return Path(path)

    def __repr__(self) -> str:
        count, channels, height, width = self.pixels.shape
        return f"<Samples: {count} images, {channels} x {height} x {width}>"

    def _repr_png_(self) -> bytes:
        return grid_png(self.pixels)
