"""Flickr-Faces-HQ, as its authors lay it out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganzoo import DataError, ImageDataset, ImageSpec, Item
from ganzoo.data import ImageFile, ReadingRule, find_images, read_image

_NAME = re.compile(r"(\d{5})\.(?:png|jpe?g)", re.ASCII | re.IGNORECASE)
_TRAINING_IMAGES = 60_000
_IMAGES = 70_000


class Ffhq(ImageDataset):
    """Aligned photographs of 70,000 faces (FFHQ), any of its sizes.

    Paper: Karras, Laine and Aila 2019, A Style-Based Generator Architecture for Generative Adversarial Networks,
    arXiv:1812.04948, appendix A.
    """

    name = "ffhq"
    where_to_get = (
        "FFHQ is public: https://github.com/NVlabs/ffhq-dataset (images1024x1024, 89 GB, or thumbnails128x128, 2 GB). "
        "The data set is under CC BY-NC-SA 4.0 by NVIDIA: no commercial use, credit, and what is made of it shared "
        "alike; each photograph has a licence of its own from its owner on Flickr (CC BY, CC BY-NC, public domain or "
        "U.S. Government Works), listed in ffhq-dataset-v2.json. It is not meant for face recognition."
    )
    expected: ClassVar[str] = (
        "PNG or JPEG files at any depth whose names are numbers of five digits, 00000.png to 69999.png, as in the "
        "folders 00000, 01000, ... of images1024x1024 or thumbnails128x128"
    )

    class Options(ImageDataset.Options):
        """Where the photographs are, and how they are split."""

        mirror: bool = Field(
            default=False,
            description="Show each image flipped left-right half the time, as the official configurations for FFHQ do.",
        )
        root: Path = Field(description="The folder that holds the photographs, at any depth.")
        split: Literal["official", "all", "by-share"] = Field(
            default="official",
            description="official: below 60000 for training, the others for validation; all: all 70,000 for training, "
            "as most published scores; by-share: held_out of them are kept from training.",
        )
        follow_links: bool = Field(default=False, description="Follow links that lead out of root.")

    @classmethod
    def spec_of(cls, options: Any) -> ImageSpec:
        return ImageSpec(options.resolution, channels=3)

    @classmethod
    def unfit(cls, options: Any, setting: Any) -> str | None:
        if options.held_out and options.split != "by-share":
            return (
                f"held_out = {options.held_out:g} has no effect where split = '{options.split}' decides; "
                f"set split = 'by-share' or remove held_out"
            )
        return None

    def items(self) -> Sequence[Item]:
        root = self.options.root
        try:
            tree = find_images(root, follow_links=self.options.follow_links)
        except DataError as error:
            raise DataError(f"{error}. Expected there: {self.expected}. {self.where_to_get}") from error
        items = [item for file in tree.files if (item := self._item(file))]
        if not items:
            raise DataError(
                f"no photographs of FFHQ in {str(root)!r} (dataset.root). Expected: {self.expected}. "
                f"Found: {tree.found()}. {self.where_to_get}"
            )
        _refuse_two_sizes(items, root)
        return items

    def load(self, item: Item) -> NDArray[np.uint8]:
        rule = ReadingRule(self.options.resolution, channels=3)
        return read_image(self.options.root.expanduser() / item.key, rule, called=item.key)

    def _item(self, file: ImageFile) -> Item | None:
        number = _number(file.path.name)
        if number is None:
            return None
        split = None
        if self.options.split != "by-share":
            held_back = self.options.split == "official" and number >= _TRAINING_IMAGES
            split = "validate" if held_back else "train"
        return Item(key=file.key, subject=f"{number:05d}", split=split, fingerprint=file.fingerprint)


def _number(name: str) -> int | None:
    match = _NAME.fullmatch(name)
    return int(match[1]) if match and int(match[1]) < _IMAGES else None


def _refuse_two_sizes(items: Sequence[Item], root: Path) -> None:
    """Each photograph is used once: a root over images1024x1024 and thumbnails128x128 would hold each twice."""
    seen: dict[str, str] = {}
    for item in items:
        other = seen.setdefault(item.subject, item.key)
        if other != item.key:
            raise DataError(
                f"photograph {item.subject} is in {str(root)!r} twice, as {other!r} and {item.key!r}; let dataset.root "
                f"be one of the folders, such as images1024x1024"
            )
