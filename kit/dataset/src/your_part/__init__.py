"""Rings: gray rings of two sizes, drawn from a seed; no files are needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt

from ganzoo import DatasetOptions, ImageDataset, ImageSpec, Item, PixelArray, hookimpl

requires_ganzoo_api = 2


class YourPartOptions(DatasetOptions):
    """How many rings, and whether they have labels."""

    resolution: PositiveInt = Field(default=32, description="Resolution of the images, a power of two.")
    count: PositiveInt = Field(default=2000, description="How many images.")
    seed: NonNegativeInt = Field(default=0, description="Seed of the images.")
    classes: bool = Field(default=False, description="Two classes: small and large rings.")


class YourPart(ImageDataset[YourPartOptions]):
    """Gray rings of random radius and brightness on black."""

    name = "your-part"
    Options = YourPartOptions
    license = "CC0-1.0"

    @classmethod
    def example_options(cls, folder: Path) -> YourPartOptions:
        """Return small ones: conformance checks take seconds then."""
        return YourPartOptions(resolution=16, count=40)

    @classmethod
    def spec_of(cls, options: YourPartOptions) -> ImageSpec:
        # Nothing is read here: `ganzoo check` works where the images are not.
        return ImageSpec(options.resolution, channels=1, label_dim=2 if options.classes else 0)

    def items(self) -> Sequence[Item]:
        # A changed fingerprint makes ganzoo prepare the images anew. Where several show one thing or person, say its
        # `subject`: no subject is then in two splits.
        seed, has_classes = self.options.seed, self.options.classes
        return [
            Item(key=f"{number:06d}", label=number % 2 if has_classes else None, fingerprint=f"{seed}")
            for number in range(self.options.count)
        ]

    def class_names(self) -> Sequence[str]:
        return ("small", "large") if self.options.classes else ()

    def load(self, item: Item) -> PixelArray:
        number, side = int(item.key), self.options.resolution
        rng = np.random.default_rng([self.options.seed, number])  # of this image alone, in whatever order they come
        radius = rng.uniform(0.2, 0.4) + 0.4 * (number % 2)
        axis = np.linspace(-1, 1, side)
        pixels_off = np.abs(np.hypot(axis[:, None], axis[None, :]) - radius) * side / 2
        ring = np.clip(2.0 - pixels_off, 0, 1) * rng.uniform(128, 255)
        return ring.astype(np.uint8)[None]  # [C, R, R]


@hookimpl
def ganzoo_datasets() -> list[type[ImageDataset]]:
    return [YourPart]
