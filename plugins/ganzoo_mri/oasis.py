"""OASIS-1 brains: slices as PNG files, volumes, or arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

from pydantic import Field

from ganzoo import DataError, ImageSpec, Item
from ganzoo.data import Entry, SourceDataset, SourceOptions, Window, example_images, item_of

_SLICE = re.compile(r"case_(\d+)_slice_(\d+)(?:\.nii)?\.png", re.ASCII)
_MASK = re.compile(r"seg_\d+_slice_\d+(?:\.nii)?\.png", re.ASCII)
_SPLIT_FOLDER = re.compile(r"keras_png_slices_(train|validate|test)")
_SCAN = re.compile(r"(OAS1_\d{4})(?:_MR\d)?", re.ASCII | re.IGNORECASE)
# What the makers of OASIS-1 derived from a scan, the best for pictures of brains first: in the atlas space of Talairach
# without and with the skull, the mean of the repeats, the repeats.
_DERIVED = ("_t88_masked_gfc", "_t88_gfc", "_sbj_111", "_mpr-")
_SEGMENTATION = re.compile(r"seg", re.IGNORECASE)


class OasisOptions(SourceOptions):
    """Where the slices or volumes are; volumes are shown as the course's slices are."""

    window: Window = Field(
        default="percentile",
        description="Volumes: which intensities are black and white: 'percentile' or 'range' of the volume, "
        "or [low, high].",
    )
    orientation: str = Field(
        default="LA",
        description="Volumes: what is down and what is right. The PNG slices are rotated by 90 "
        "degrees: 'LA' (left, anterior); 'PL' is upright.",
    )
    foreground: float = Field(
        default=0.01,
        ge=0.0,
        le=1.0,
        description="Volumes: leave out slices of which less than this share is brighter than a twentieth of the "
        "window, as those above and below the brain; 0 keeps all.",
    )
    frame: int | None = Field(
        default=256,
        gt=0,
        description="Volumes: height and width, in pixels, of the square around the center that is shown.",
    )


class Oasis(SourceDataset[OasisOptions]):
    """Brain MRI slices of OASIS-1, split by subject; segmentation masks are left out.

    Paper: Marcus et al. 2007, Open Access Series of Imaging Studies (OASIS): Cross-sectional MRI Data in Young,
    Middle Aged, Nondemented, and Demented Older Adults, doi:10.1162/jocn.2007.19.9.1498.
    """

    name = "oasis"
    reading_version = 2
    where_to_get = (
        "OASIS is open after registration: https://sites.wustl.edu/oasisbrains/ (read the data use terms there: "
        "no attempt to identify anybody, and the acknowledgement). Publications acknowledge: 'Data were provided "
        "by OASIS: Cross-Sectional: Principal Investigators: D. Marcus, R. Buckner, J. Csernansky, J. Morris; "
        "P50 AG05681, P01 AG03991, P01 AG026276, R01 AG021910, P20 MH071616, U24 RR021382.'"
    )
    expected: ClassVar[str] = (
        "OASIS-1 as it is distributed (OAS1_<subject>_MR1/PROCESSED/... with .hdr and .img files); or folders "
        "keras_png_slices_train, keras_png_slices_validate and keras_png_slices_test with files "
        "case_<subject>_slice_<k>.nii.png, or one folder or zip of such files; or other volumes, one per scan "
        "(OAS1_<subject>_MR1/...nii.gz, masks have 'seg' in their names); or an array of slices (.npy, .npz) "
        "that states subjects, or whose slices stand in order with dataset.per_subject"
    )

    Options = OasisOptions

    @classmethod
    def example_options(cls, folder: Path) -> OasisOptions:
        names = [f"case_{subject:03d}_slice_{number}.nii.png" for subject in range(3) for number in range(2)]
        return OasisOptions(root=example_images(folder, names), resolution=32)

    @classmethod
    def spec_of(cls, options: OasisOptions) -> ImageSpec:
        return ImageSpec(options.resolution, channels=1)

    def items(self) -> Sequence[Item]:
        entries = self.entries()
        if entries and not (self.source.has_file_names or self.source.holds_volumes):
            return self.items_with_subjects(entries)
        items = [item for entry in _best_derived(entries) if (item := self._item(entry))]
        if not items:
            raise DataError(self.nothing_found("no OASIS slices", _masks(entries)))
        return items

    def _item(self, entry: Entry) -> Item | None:
        if self.source.holds_volumes:
            return _scan(entry)
        path = PurePosixPath(entry.key)
        match = _SLICE.fullmatch(path.name)
        if match is None:
            return None
        folders = [*self.source.root.parts, *path.parts[:-1]]
        split = next((found[1] for folder in reversed(folders) if (found := _SPLIT_FOLDER.fullmatch(folder))), None)
        return item_of(entry, subject=match[1], split=split)


def _scan(entry: Entry) -> Item | None:
    """Return the item of a slice of a volume; both scans of a subject (MR1, MR2) are of one subject."""
    file = entry.key.rpartition("#")[0]
    if _SEGMENTATION.search(PurePosixPath(file).name):
        return None
    match = _SCAN.search(file)
    return item_of(entry, subject=match[1].upper() if match else entry.subject)


def _best_derived(entries: Sequence[Entry]) -> list[Entry]:
    """Return the slices of one volume per scan, where several are derived from it as OASIS-1 is distributed."""
    ranks = [_rank(entry.key) for entry in entries]
    best: dict[str, int] = {}
    for scan, rank in ranks:
        best[scan] = min(rank, best.get(scan, rank))
    return [entry for entry, (scan, rank) in zip(entries, ranks, strict=True) if rank == best[scan]]


def _rank(key: str) -> tuple[str, int]:
    """Return which scan a slice is of, and how far down in `_DERIVED`; others are scans by themselves."""
    name = PurePosixPath(key.rpartition("#")[0]).name
    match = None if _SEGMENTATION.search(name) else _SCAN.match(name)
    rank = next((number for number, part in enumerate(_DERIVED) if part in name), None)
    return (key, 0) if match is None or rank is None else (match[0].upper(), rank)


def _masks(entries: Sequence[Entry]) -> str:
    """Say what is there instead, by counts: names of medical files may say whom they show."""
    masks = sum(_MASK.fullmatch(PurePosixPath(entry.key).name) is not None for entry in entries)
    return f"{masks} segmentation masks (seg_*), which are no images, among " if masks else ""
