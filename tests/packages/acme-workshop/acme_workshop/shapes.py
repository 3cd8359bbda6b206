"""Shapes: disks, squares and triangles, drawn as they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from ganzoo import DatasetOptions, ImageDataset, ImageSpec, Item

KINDS = ("disk", "square", "triangle")


class ShapesOptions(DatasetOptions):
    """How many, in how many colors, and whether the kind of shape is a class."""

    resolution: PositiveInt = Field(default=16, description="Resolution of the images, a power of two.")
    count: PositiveInt = Field(default=600, description="How many images.")
    channels: PositiveInt = Field(default=1, le=3, description="1 for gray, 3 for color.")
    classes: bool = Field(default=True, description="The kind of shape is the class.")


class Shapes(ImageDataset[ShapesOptions]):
    """Filled disks, squares and triangles of random place, size and color."""

    name = "acme-shapes"
    Options = ShapesOptions
    license = "CC0-1.0"

    @classmethod
    def spec_of(cls, options: ShapesOptions) -> ImageSpec:
        return ImageSpec(options.resolution, options.channels, label_dim=len(KINDS) if options.classes else 0)

    def items(self) -> list[Item]:
        labeled = self.options.classes
        return [Item(f"{i:06d}", label=i % len(KINDS) if labeled else None) for i in range(self.options.count)]

    def class_names(self) -> Sequence[str]:
        return KINDS if self.options.classes else ()

    def load(self, item: Item) -> NDArray[np.uint8]:
        number, side = int(item.key), self.options.resolution
        rng = np.random.default_rng(number)
        x, y = rng.uniform(-0.3, 0.3, 2)
        size = rng.uniform(0.35, 0.6)
        color = rng.uniform(120, 255, self.options.channels)
        axis = (np.arange(side) + 0.5) * 2 / side - 1
        across, down = (axis[None, :] - x) / size, (axis[:, None] - y) / size
        outside = {
            "disk": np.hypot(across, down),
            "square": np.maximum(np.abs(across), np.abs(down)),
            "triangle": np.maximum(down, np.abs(across) * 2 - down),
        }[KINDS[number % len(KINDS)]]
        inside = np.clip((1 - outside) * size * side / 2 + 0.5, 0, 1)
        image: NDArray[np.uint8] = (color[:, None, None] * inside).round().astype(np.uint8)
        return image
