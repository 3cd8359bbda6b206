"""A dataset: bars of random place and brightness, made from their number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field, PositiveInt

from ganzoo import DatasetOptions, ImageDataset, ImageSpec, Item, PixelArray


class BarsOptions(DatasetOptions):
    """How many, and how large."""

    resolution: PositiveInt = Field(default=8, description="Resolution of the images, a power of two.")
    count: PositiveInt = Field(default=48, description="How many images.")


class Bars(ImageDataset[BarsOptions]):
    """A bright bar on black, four images of each subject."""

    name = "acme-bars"

    Options = BarsOptions

    @classmethod
    def spec_of(cls, options: BarsOptions) -> ImageSpec:
        return ImageSpec(options.resolution, channels=1)

    def items(self) -> Sequence[Item]:
        return [Item(key=f"{number:04d}", subject=f"{number // 4}") for number in range(self.options.count)]

    def load(self, item: Item) -> PixelArray:
        resolution = self.options.resolution
        rng = np.random.default_rng(int(item.key))
        image = np.zeros((1, resolution, resolution), np.uint8)
        image[:, rng.integers(resolution)] = rng.integers(64, 256)
        return image
