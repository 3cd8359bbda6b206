"""NIfTI format: volumes of NIfTI, Analyze and FreeSurfer; each slice is an image."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from ganzoo import ComponentOptions, DataError
from ganzoo.data import (
    IMAGE_SUFFIXES,
    Entry,
    FoundFile,
    ImageTree,
    Picture,
    ReadingRule,
    Source,
    SourceOptions,
    Window,
    path_of,
    place_of,
    tree_of,
)
from ganzoo.text import literal, reason_of
from ganzoo_sources.volume import Volume, slice_axis
from ganzoo_sources.volume_file import (
    VOLUME_SUFFIXES,
    axes_of,
    fingerprint_of,
    is_of_labels,
    is_volume,
    open_volume,
)
from ganzoo_sources.volume_names import is_segmentation, subjects_of

_KEEP = 'dataset.source = { name = "nifti", keep = ["segmentation"] }'


class NiftiOptions(ComponentOptions):
    """Which volumes are images of a subject."""

    keep: tuple[Literal["segmentation"], ...] = Field(
        default=(), description="Volumes that are left out beside others unless they are named: 'segmentation'."
    )


class NiftiSource(Source[NiftiOptions]):
    """Volumes of NIfTI, Analyze and FreeSurfer, one or all below a folder; those of a person are one subject."""

    name = "nifti"
    suffixes = VOLUME_SUFFIXES
    reads_trees = True
    precedence = -1
    has_file_names = True
    holds_volumes = True

    Options = NiftiOptions

    @classmethod
    def example_root(cls, folder: Path) -> Path | None:
        from ganzoo_sources.examples import nifti_example

        return nifti_example(folder)

    def __init__(self, options: NiftiOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._tree: ImageTree | None = None
        self._volume: tuple[str, Volume] | None = None
        self._window: tuple[str, Window, tuple[float, float]] | None = None
        self._judged = self._dark = self._segmentations = 0
        self._people_are_known = True

    @classmethod
    def belongs(cls, file: FoundFile) -> bool:
        return is_volume(file)

    def entries(self) -> Sequence[Entry]:
        self._judged = self._dark = 0
        if self.root.is_file():
            names = [self.root.name]
        else:
            self._tree = tree_of(self)
            names = [file.key for file in self._tree.files]
        scans = self._scans(names)
        self._segmentations = len(names) - len(scans)
        subjects, self._people_are_known = subjects_of(scans)
        return [entry for name in scans for entry in self._slices(name, subjects[name])]

    def picture(self, key: str) -> Picture:
        name, number = place_of(key)
        volume = self._loaded(name)
        if number >= volume.stored.shape[slice_axis(self.reading)]:
            raise DataError(f"{literal(key)}: the volume has no slice {number}")
        return volume.plane(number, self.reading)

    def window_for(self, key: str, rule: ReadingRule) -> Window:
        return self._bounds(place_of(key)[0], rule.window)

    def spacing_for(self, key: str) -> tuple[float, float]:
        return self._loaded(place_of(key)[0]).spacing(self.reading)

    def found(self) -> str:
        return self._tree.found() if self._tree else "a volume without slices that are wanted"

    def left_out(self) -> str:
        pictures = sum(self._tree.others[suffix] for suffix in IMAGE_SUFFIXES) if self._tree else 0
        dark = (
            f"{self._dark:,} of {self._judged:,} slices, in which less than {self.reading.foreground:g} of the pixels "
            "are brighter than a twentieth of the window (dataset.foreground)"
        )
        segmentations = f"{self._segmentations:,} volumes that are segmentations by their names or headers ({_KEEP})"
        previews = f"{pictures:,} image files beside volumes, such as previews (dataset.source = 'folder' reads them)"
        said = ((self._segmentations, segmentations), (pictures, previews), (self._dark, dark))
        return "; ".join(text for count, text in said if count)

    def subject_advice(self) -> str:
        if self._people_are_known:
            return ""
        return "Nothing says which volumes are of one person, so that each counts as a subject by itself"

    def _scans(self, names: list[str]) -> list[str]:
        """Return the volumes that are no segmentations; all of them where there is nothing else."""
        if "segmentation" in self.options.keep:
            return names
        scans = [name for name in names if not is_segmentation(name) and not self._has_labels(name)]
        return scans or names

    def _has_labels(self, name: str) -> bool:
        if name.lower().endswith((".mgz", ".mgh")):  # which do not say so
            return False
        with suppress(DataError):
            return is_of_labels(open_volume(path_of(self, name), literal(name)))
        return False

    def _slices(self, name: str, subject: str) -> list[Entry]:
        """List the slices of a volume; one that cannot be read stands as a single entry, to be reported by name."""
        try:
            count = _oriented_shape(open_volume(path_of(self, name), literal(name)), self.reading, literal(name))
            last_slice = count[slice_axis(self.reading)] - 1
            first, last = self.reading.slices or (0, last_slice)
            numbers = list(range(first, min(last, last_slice) + 1))
            if self.reading.foreground:
                self._judged += len(numbers)
                numbers, before = self._loaded(name).shown(numbers, self.reading), len(numbers)
                self._dark += before - len(numbers)
        except DataError:
            numbers = [0]
        fingerprint = fingerprint_of(path_of(self, name))
        return [Entry(f"{name}#{number}", fingerprint, subject=subject, together=name) for number in numbers]

    def _bounds(self, name: str, window: Window) -> tuple[float, float]:
        if self._window is None or self._window[:2] != (name, window):
            self._window = name, window, self._loaded(name).window(window)
        return self._window[2]

    def _loaded(self, name: str) -> Volume:
        """Return a volume with its intensities; the last one is kept."""
        if self._volume is None or self._volume[0] != name:
            self._volume = None
            image = open_volume(path_of(self, name), literal(name))
            self._volume = name, _volume(image, self.reading, literal(name))
        return self._volume[1]


def _oriented_shape(image: Any, options: SourceOptions, name: str) -> tuple[int, ...]:
    if options.orientation == "stored":
        return tuple(image.shape[:3])
    order = axes_of(image, name)[:, 0].astype(int)
    return tuple(int(image.shape[axis]) for axis in np.argsort(order))


def _volume(image: Any, options: SourceOptions, name: str) -> Volume:
    try:
        stored = np.asanyarray(image.dataobj.get_unscaled()).reshape(image.shape[:3], order="A")
        slope, inter = float(image.dataobj.slope), float(image.dataobj.inter)
        voxel = np.sqrt((image.affine[:3, :3] ** 2).sum(axis=0))
        if options.orientation != "stored":
            axes = axes_of(image, name)
            order = np.argsort(axes[:, 0].astype(int))
            stored = stored[tuple(slice(None, None, int(sense)) for sense in axes[:, 1])].transpose(order)
            voxel = voxel[order]
    except (DataError, MemoryError):
        raise
    except Exception as error:
        raise DataError(f"{name}: is damaged or cut off: {reason_of(error)}") from error
    if not np.isfinite([slope, inter]).all():
        raise DataError(f"{name}: scales its intensities by {slope} and {inter}")
    return Volume(stored, slope, inter, name, (float(voxel[0]), float(voxel[1]), float(voxel[2])))
