"""Phantoms: a dataset that is drawn, not downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, field_validator, model_validator

from ganzoo import DatasetOptions, ImageDataset, ImageSpec, Item
from ganzoo_images.anatomy import head, knee
from ganzoo_images.canvas import Dice, FloatArray

_VERSION = 1  # counts up when the same seed would draw other pictures
_SMALLEST, _LARGEST = 16, 512
_HEAD, _KNEE = 0, 1


class PhantomOptions(DatasetOptions):
    """How many pictures, and of what."""

    count: PositiveInt = Field(default=2000, le=1_000_000, description="Number of images.")
    channels: Literal[1, 3] = Field(default=1, description="1: grayscale; 3: tinted, each in its own color.")
    anatomy: Literal["both", "head", "knee"] = Field(default="both", description="What the images show.")
    classes: Literal[0, 2] = Field(default=0, description="2: label 0 is a head, label 1 a knee.")
    seed: int = Field(default=0, description="Seed of the images; independent of the run's seed.")

    @field_validator("resolution")
    @classmethod
    def _known_resolution(cls, value: int) -> int:
        if not _SMALLEST <= value <= _LARGEST or value & (value - 1):
            raise ValueError(f"must be a power of two from {_SMALLEST} to {_LARGEST}")
        return value

    @model_validator(mode="after")
    def _labels_need_both(self) -> PhantomOptions:
        if self.classes and self.anatomy != "both":
            raise ValueError('classes = 2 needs anatomy = "both"')
        return self


class Phantom(ImageDataset[PhantomOptions]):
    """Synthetic head and knee slices, drawn from a seed at any size: no download.

    Image i of a seed is the same picture at every resolution. With `anatomy = "both"`, even images are heads.
    """

    name = "phantom"
    license = "CC0-1.0"

    Options = PhantomOptions

    @classmethod
    def spec_of(cls, options: PhantomOptions) -> ImageSpec:
        return ImageSpec(options.resolution, options.channels, options.classes)

    def items(self) -> Sequence[Item]:
        return [
            Item(
                key=f"{index:07d}",
                label=self._kind(index) if self.options.classes else None,
                fingerprint=f"{_VERSION}-{self.options.seed}",
            )
            for index in range(self.options.count)
        ]

    def class_names(self) -> Sequence[str]:
        return ("head", "knee") if self.options.classes else ()

    def load(self, item: Item) -> NDArray[np.uint8]:
        index = int(item.key)
        dice = Dice(self.options.seed, index)
        draw = knee if self._kind(index) == _KNEE else head
        tint = Dice(self.options.seed, -1 - index)
        picture = draw(dice, self.options.resolution)
        planes = [picture] if self.options.channels == 1 else _tinted(picture, tint)
        return np.stack([np.floor(plane * 255 + 0.5) for plane in planes]).astype(np.uint8)

    def _kind(self, index: int) -> int:
        if self.options.anatomy == "both":
            return index % 2
        return _KNEE if self.options.anatomy == "knee" else _HEAD


def _tinted(picture: FloatArray, dice: Dice) -> list[FloatArray]:
    """Color a picture: dark and bright tissue bend each channel differently."""
    return [dice.between(0.75, 1.0) * picture ** dice.between(0.6, 1.7) for _ in range(3)]
