"""Samples: images of seeds, shown inline as a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import Any

from ganzoo._io.image_grid import grid_png, write_grid
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import GanzooError


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


def chosen_seeds(seeds: Any) -> Sequence[int]:
    """Return the seeds, at least one, of a list of them or of how many there are from 0 on.

    Raises:
        GanzooError: It is neither, or names none.
    """
    try:
        chosen = range(seeds) if isinstance(seeds, int) else [index(seed) for seed in seeds]
    except TypeError:
        raise GanzooError(f"seeds: should be numbers, such as [0, 1, 2], or how many, but is {seeds!r:.80}") from None
    if not chosen:
        raise GanzooError(f"seeds: {seeds!r:.80} names none; give at least one, such as [0], or how many")
    return chosen
