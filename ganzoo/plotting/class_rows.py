"""Class rows: images of several classes in rows of one class each, with its name before them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ganzoo.contracts.component import PixelArray
from ganzoo.plotting.panel_grid import Panel, Sheet
from ganzoo.text import literal

_FEWEST = 2  # images per class on average: with fewer, most rows would be one image long


@dataclass(frozen=True)
class ClassRows:
    """Which images stand in which row.

    Attributes:
        places: Numbers of the images of each row.
        names: What stands before each row, empty where it goes on with the class above it.
    """

    places: tuple[tuple[int, ...], ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, classes: Sequence[int], names: Sequence[str] = ()) -> ClassRows | None:
        """Return rows for images of these classes, in their order; None where rows of classes would show nothing.

        Args:
            classes: Class of each image.
            names: Name of each class; empty: their numbers.
        """
        members: dict[int, list[int]] = {number: [] for number in sorted(set(classes))}
        if len(members) < 2 or len(classes) < _FEWEST * len(members):
            return None
        for place, number in enumerate(classes):
            members[number].append(place)
        columns = min(math.ceil(math.sqrt(len(classes))), max(map(len, members.values())))
        rows: list[tuple[int, ...]] = []
        called: list[str] = []
        for number, found in members.items():
            parts = [tuple(found[start : start + columns]) for start in range(0, len(found), columns)]
            rows += parts
            called += [literal(names[number]) if number < len(names) else f"class {number}", *[""] * (len(parts) - 1)]
        return cls(tuple(rows), tuple(called))

    def sheet(self, images: PixelArray, scale: int | None = None) -> Sheet:
        """Return the images `[N, C, H, W]` in these rows."""
        rows = [[Panel(images[place]) for place in places] for places in self.places]
        return Sheet(rows, left=self.names, scale=scale)

    def picture(self, images: PixelArray) -> PixelArray:
        """Return the images `[N, C, H, W]` in one, `[1 or 3, H', W']`, pixel for pixel."""
        pixels: PixelArray = self.sheet(images, 1).canvas().raster()
        return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
