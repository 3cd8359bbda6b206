"""AKOA knee slices: sagittal DESS volumes of the Osteoarthritis Initiative, cut into PNG files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, field_validator

from ganzoo import DataError, ImageDataset, ImageSpec, Item
from ganzoo.data import ImageFile, ReadingRule, find_images, read_image

# OAI9014797_BaseLine_3_de3d1_SAG_3D_DESS_WE_RIGHT.nii.gz_0.png; visits are BaseLine, 12_Month, 24_Month and so on.
_NAME = re.compile(
    r"OAI(?P<participant>\d+)_(?P<visit>\w+?)_(?P<series>\d+_[a-z0-9]+)_SAG_3D_DESS(?:_[a-z0-9]+)*?"
    r"_(?P<side>left|right)(?:\.nii)?(?:\.gz)?_(?P<slice>\d+)\.png",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True)
class KneeSlice:
    """What the name of a file says.

    Attributes:
        participant: Number of the person.
        visit: `BaseLine`, `12_Month` and the like.
        series: Number and kind of the acquisition, such as `3_de3d1`.
        side: Which knee.
        number: Number of the slice within its volume.
    """

    participant: str
    visit: str
    series: str
    side: Literal["left", "right"]
    number: int


def read_name(name: str) -> KneeSlice | None:
    """Return what a file's name says, or None if it is no knee slice's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    side: Literal["left", "right"] = "left" if match["side"].lower() == "left" else "right"
    return KneeSlice(match["participant"], match["visit"], match["series"], side, int(match["slice"]))


class Akoa(ImageDataset):
    """Knee MRI slices of the OAI (AKOA analysis subset), split by participant.

    Paper: Peterfy, Schneider and Nevitt 2008, The osteoarthritis initiative: report on the design rationale for the
    magnetic resonance imaging protocol for the knee, doi:10.1016/j.joca.2008.06.016.
    """

    name = "akoa"
    where_to_get = (
        "The images are of the Osteoarthritis Initiative (OAI), free after registration and a data use agreement with "
        "the NIMH Data Archive: https://nda.nih.gov/oai (no attempt to identify anybody, no passing on, and the "
        "acknowledgement that NDA asks for). AKOA is the analysis subset of it that is used at The University of "
        "Queensland, as PNG slices, and is not public by itself."
    )
    expected: ClassVar[str] = (
        "PNG files, at any depth, called OAI<participant>_<visit>_<series>_SAG_3D_DESS_WE_<LEFT or RIGHT>.nii.gz_"
        "<slice>.png, with visits such as BaseLine or 12_Month"
    )

    class Options(ImageDataset.Options):
        """Where the slices are, and which of them are used."""

        root: Path = Field(description="The folder that holds the slices, at any depth.")
        side: Literal["both", "left", "right"] = Field(default="both", description="Whose knees are used.")
        mirror_left: bool = Field(
            default=False, description="Flip the slices of left knees left-right, so that they lie as right ones do."
        )
        slices: tuple[NonNegativeInt, NonNegativeInt] | None = Field(
            default=None, description="First and last slice number that is used of each volume; absent: all."
        )
        follow_links: bool = Field(default=False, description="Follow links that lead out of root.")

        @field_validator("slices")
        @classmethod
        def _rises(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
            if value is not None and value[0] > value[1]:
                raise ValueError("needs [first, last] with first <= last")
            return value

    @classmethod
    def spec_of(cls, options: Any) -> ImageSpec:
        return ImageSpec(options.resolution, channels=1)

    def items(self) -> Sequence[Item]:
        root = self.options.root
        try:
            tree = find_images(root, follow_links=self.options.follow_links)
        except DataError as error:
            raise DataError(f"{error}. Expected there: {self.expected}. {self.where_to_get}") from error
        known = [(file, found) for file in tree.files if (found := read_name(file.path.name))]
        if not known:
            raise DataError(
                f"no AKOA slices in {str(root)!r} (dataset.root). Expected: {self.expected}. Found: {tree.found()}. "
                f"{self.where_to_get}"
            )
        items = [_item(file, found) for file, found in known if self._is_wanted(found)]
        if not items:
            raise DataError(
                f"none of the {len(known)} AKOA slices in {str(root)!r} is left: dataset.side = {self.options.side!r} "
                f"and dataset.slices = {_shown(self.options.slices)}; there are {_sides(known)}, numbered "
                f"{min(found.number for _, found in known)} to {max(found.number for _, found in known)}"
            )
        return items

    def load(self, item: Item) -> NDArray[np.uint8]:
        path = self.options.root.expanduser() / item.key
        pixels = read_image(path, ReadingRule(self.options.resolution, channels=1), called=item.key)
        found = read_name(path.name)
        if self.options.mirror_left and found and found.side == "left":
            return np.ascontiguousarray(pixels[:, :, ::-1])
        return pixels

    def _is_wanted(self, found: KneeSlice) -> bool:
        first, last = self.options.slices or (0, found.number)
        return self.options.side in ("both", found.side) and first <= found.number <= last


def _item(file: ImageFile, found: KneeSlice) -> Item:
    # Both knees and all visits of a person show the same anatomy: they stay in one split.
    return Item(key=file.key, subject=found.participant, fingerprint=file.fingerprint)


def _sides(known: Sequence[tuple[ImageFile, KneeSlice]]) -> str:
    counts = [(side, sum(found.side == side for _, found in known)) for side in ("left", "right")]
    return " and ".join(f"{count} of {side} knees" for side, count in counts)


def _shown(slices: tuple[int, int] | None) -> str:
    return "absent" if slices is None else str(list(slices))
