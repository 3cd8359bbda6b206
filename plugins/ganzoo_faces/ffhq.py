"""Flickr-Faces-HQ, as its authors lay it out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal

from pydantic import Field

from ganzoo import DataError, ImageSpec, Item
from ganzoo.data import Entry, SourceDataset, SourceOptions, example_images, item_of

_NAME = re.compile(r"(?:(\d{5})|img(\d{8}))\.(?:png|jpe?g|webp)", re.ASCII | re.IGNORECASE)
_TRAINING_IMAGES = 60_000
_IMAGES = 70_000


class FfhqOptions(SourceOptions):
    """Where the photographs are, and how they are split."""

    mirror: bool = Field(
        default=False,
        description="Show each image flipped left-right half the time, as the official configurations for FFHQ do.",
    )
    split: Literal["official", "all", "by-share"] = Field(
        default="official",
        description="official: below 60000 for training, the others for validation; all: all 70,000 for training, "
        "as most published scores; by-share: held_out of them are kept from training.",
    )
    numbering: Literal["names", "positions"] = Field(
        default="names",
        description="Where the official number of a photograph comes from: its name, or its position in the "
        "source, which is right for complete sets in their order.",
    )


class Ffhq(SourceDataset[FfhqOptions]):
    """Aligned photographs of 70,000 faces (FFHQ), any of its sizes.

    Paper: Karras, Laine and Aila 2019, A Style-Based Generator Architecture for Generative Adversarial Networks,
    arXiv:1812.04948, appendix A.
    """

    name = "ffhq"
    license = "CC-BY-NC-SA-4.0"
    where_to_get = (
        "FFHQ is public: https://github.com/NVlabs/ffhq-dataset (images1024x1024, 89 GB, or thumbnails128x128, 2 GB). "
        "The dataset is under CC BY-NC-SA 4.0 by NVIDIA: no commercial use, credit, and what is made of it shared "
        "alike; each photograph has a license of its own from its owner on Flickr (CC BY, CC BY-NC, public domain or "
        "U.S. Government Works), listed in ffhq-dataset-v2.json. It is not meant for face recognition."
    )
    expected: ClassVar[str] = (
        "PNG or JPEG files at any depth whose names are numbers of five digits, 00000.png to 69999.png, as in the "
        "folders 00000, 01000, ... of images1024x1024 or thumbnails128x128, or in one folder of 256x256 files; a zip "
        "of such files, or StyleGAN2-ADA's (img00000000.png); or the TFRecords ffhq-r02.tfrecords to ffhq-r10.tfrecords"
    )

    Options = FfhqOptions

    @classmethod
    def example_options(cls, folder: Path) -> FfhqOptions:
        names = [f"{number:05d}.png" for number in range(6)]
        return FfhqOptions(root=example_images(folder, names), resolution=32)

    @classmethod
    def spec_of(cls, options: FfhqOptions) -> ImageSpec:
        return ImageSpec(options.resolution, channels=3)

    @classmethod
    def incompatibility(cls, options: FfhqOptions, context: Any) -> str | None:
        if options.held_out and options.split != "by-share":
            return (
                f"held_out = {options.held_out:g} has no effect where split = '{options.split}' decides; "
                f"set split = 'by-share' or remove held_out"
            )
        return None

    def items(self) -> Sequence[Item]:
        entries = self.entries()
        numbers = self._numbers(entries) if entries else ()
        items = [
            self._item(entry, number)
            for entry, number in zip(entries, numbers, strict=True)
            if number is not None and number < _IMAGES
        ]
        if not items:
            raise DataError(self.nothing_found("no photographs of FFHQ"))
        _refuse_two_sizes(items, str(self.options.root))
        return items

    def _numbers(self, entries: Sequence[Entry]) -> Sequence[int | None]:
        """Return the official number of each photograph; where only positions are known, these if that is right."""
        if self.options.numbering == "names" and self._has_numbers_in_names():
            return [_number(PurePosixPath(entry.key).name) for entry in entries]
        if self.options.numbering == "names" and self.options.split == "official":
            raise DataError(
                f"{str(self.options.root)!r} ({self.source.name}) does not say which photograph is which, so the "
                "official split is not known: set dataset.numbering = 'positions' if the whole set was packed in its "
                "order, or dataset.split = 'all' or 'by-share'"
            )
        return range(len(entries))

    def _has_numbers_in_names(self) -> bool:
        """Whether each image has a file, and so a name, of its own: slices of volumes do not."""
        return self.source.has_file_names and not self.source.holds_volumes

    def _item(self, entry: Entry, number: int) -> Item:
        split = None
        if self.options.split != "by-share":
            held_back = self.options.split == "official" and number >= _TRAINING_IMAGES
            split = "validate" if held_back else "train"
        return item_of(entry, subject=f"{number:05d}", split=split)


def _number(name: str) -> int | None:
    match = _NAME.fullmatch(name)
    return int(match[1] or match[2]) if match else None


def _refuse_two_sizes(items: Sequence[Item], root: str) -> None:
    """Each photograph is used once: a root over images1024x1024 and thumbnails128x128 would hold each twice."""
    seen: dict[str, str] = {}
    for item in items:
        other = seen.setdefault(item.subject, item.key)
        if other != item.key:
            raise DataError(
                f"photograph {item.subject} is in {root!r} twice, as {other!r} and {item.key!r}; let dataset.root "
                f"be one of the folders, such as images1024x1024"
            )
