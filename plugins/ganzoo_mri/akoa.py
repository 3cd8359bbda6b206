"""AKOA knees: sagittal DESS volumes of the Osteoarthritis Initiative, or the slices cut from them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganzoo import DataError, ImageSpec, Item
from ganzoo.data import Entry, Plane, SourceDataset, SourceOptions, Window, example_images, item_of

# OAI9014797_BaseLine_3_de3d1_SAG_3D_DESS_WE_RIGHT.nii.gz_0.png; visits are BaseLine, 12_Month, 24_Month and so on.
_NAME = re.compile(
    r"OAI(?P<participant>\d+)_(?P<visit>\w+?)_(?P<series>\d+_[a-z0-9]+)_SAG_3D_DESS(?:_[a-z0-9]+)*?"
    r"_(?P<side>left|right)(?:\.nii)?(?:\.gz)?(?:_(?P<slice>\d+)\.(?:png|jpe?g|tiff?|bmp|webp)|#(?P<layer>\d+))",
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
    number = int(match["slice"] or match["layer"] or 0)
    return KneeSlice(match["participant"], match["visit"], match["series"], side, number)


class AkoaOptions(SourceOptions):
    """Where the slices are, and which of them are used."""

    held_out: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="Share of participants kept from training; at least one."
    )
    side: Literal["both", "left", "right"] = Field(default="both", description="Whose knees are used.")
    mirror_left: bool = Field(
        default=False, description="Flip the slices of left knees left-right, so that they look like right ones."
    )
    window: Window = Field(
        default="percentile",
        description="Volumes and slices of more than 8 bits: which intensities are black and white: 'percentile' or "
        "'range' of the volume, or [low, high].",
    )
    plane: Plane = Field(default="sagittal", description="Volumes: the plane of their slices.")


class Akoa(SourceDataset[AkoaOptions]):
    """Knee MRI slices of the OAI (AKOA analysis subset), split by participant.

    Paper: Peterfy, Schneider and Nevitt 2008, The osteoarthritis initiative: report on the design rationale for the
    magnetic resonance imaging protocol for the knee, doi:10.1016/j.joca.2008.06.016.
    """

    name = "akoa"
    publishing_forbidden = (
        "the data use agreement with the NIMH Data Archive lets nobody pass the images on, and weights and samples "
        "can hold what was learned by heart"
    )
    where_to_get = (
        "The images are of the Osteoarthritis Initiative (OAI), free after registration and a data use agreement with "
        "the NIMH Data Archive: https://nda.nih.gov/oai (no attempt to identify anybody, no passing on, and the "
        "acknowledgement that NDA asks for). AKOA is the analysis subset of it that is used at The University of "
        "Queensland, as PNG slices, and is not public by itself."
    )
    expected: ClassVar[str] = (
        "PNG files, in a folder at any depth or in a zip, called OAI<participant>_<visit>_<series>_SAG_3D_DESS_WE_"
        "<LEFT or RIGHT>.nii.gz_<slice>.png, with visits such as BaseLine or 12_Month; or volumes called so up to "
        ".nii.gz; or an array of slices (.npy, .npz) that states subjects, or has them in order with "
        "dataset.per_subject"
    )

    Options = AkoaOptions

    @classmethod
    def example_options(cls, folder: Path) -> AkoaOptions:
        names = [
            f"OAI900{subject:04d}_12_Month_3_de3d1_SAG_3D_DESS_WE_LEFT.nii.gz_{number}.png"
            for subject in range(3)
            for number in range(2)
        ]
        return AkoaOptions(root=example_images(folder, names), resolution=32)

    @classmethod
    def spec_of(cls, options: AkoaOptions) -> ImageSpec:
        return ImageSpec(options.resolution, channels=1)

    def items(self) -> Sequence[Item]:
        root = self.options.root
        entries = self.entries()
        if entries and not self.source.has_file_names:
            return self._without_names(entries)
        known = [(entry, found) for entry in entries if (found := read_name(PurePosixPath(entry.key).name))]
        if not known:
            raise DataError(self.nothing_found("no AKOA slices"))
        # Both knees and all visits of a person show the same anatomy: they stay in one split.
        items = [item_of(entry, subject=found.participant) for entry, found in known if self._is_wanted(found)]
        if not items:
            raise DataError(
                f"none of the {len(known)} AKOA slices in {str(root)!r} is left: dataset.side = {self.options.side!r} "
                f"and dataset.slices = {_shown(self.options.slices)}; there are {_sides(known)}, numbered "
                f"{min(found.number for _, found in known)} to {max(found.number for _, found in known)}"
            )
        return items

    def load(self, item: Item) -> NDArray[np.uint8]:
        pixels = super().load(item)
        found = read_name(PurePosixPath(item.key).name)
        if self.options.mirror_left and found and found.side == "left":
            return np.ascontiguousarray(pixels[:, :, ::-1])
        return pixels

    def _is_wanted(self, found: KneeSlice) -> bool:
        first, last = self.options.slices or (0, found.number)
        return self.options.side in ("both", found.side) and first <= found.number <= last

    def _without_names(self, entries: Sequence[Entry]) -> Sequence[Item]:
        options = self.options
        if options.mirror_left or options.slices or options.side != "both":
            raise DataError(
                f"{str(options.root)!r} has no names that say side and slice: dataset.side, mirror_left and slices "
                "need the files of AKOA"
            )
        return self.items_with_subjects(entries)


def _sides(known: Sequence[tuple[Entry, KneeSlice]]) -> str:
    counts = [(side, sum(found.side == side for _, found in known)) for side in ("left", "right")]
    return " and ".join(f"{count} of {side} knees" for side, count in counts)


def _shown(slices: tuple[int, int] | None) -> str:
    return "absent" if slices is None else str(list(slices))
