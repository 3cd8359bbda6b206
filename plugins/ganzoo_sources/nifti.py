"""NIfTI format: volumes, `.nii` and `.nii.gz`: each slice is an image, each volume a subject."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import ComponentOptions, DataError
from ganzoo.data import (
    Entry,
    ImageTree,
    Picture,
    ReadingRule,
    Source,
    SourceOptions,
    Window,
    file_fingerprint,
    find_files,
    place_of,
    require_extra,
)
from ganzoo.text import literal
from ganzoo_sources.volume import Volume, slice_axis

MAX_VOLUME_BYTES = 2**30


class NiftiSource(Source):
    """NIfTI volumes, one or all below a folder; each slice is an image, each volume a subject."""

    name = "nifti"
    suffixes = (".nii.gz", ".nii")
    reads_trees = True
    precedence = -1
    has_file_names = True
    holds_volumes = True

    def __init__(self, options: ComponentOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._tree: ImageTree | None = None
        self._volume: tuple[str, Volume] | None = None
        self._window: tuple[str, Window, tuple[float, float]] | None = None
        self._judged = self._dark = 0

    def entries(self) -> Sequence[Entry]:
        self._judged = self._dark = 0
        if self.root.is_file():
            names = [(self.root.name, file_fingerprint(self.root))]
        else:
            self._tree = find_files(self.root, self.belongs, follow_links=self.reading.follow_links)
            names = [(file.key, file.fingerprint) for file in self._tree.files]
        return [entry for name, fingerprint in names for entry in self._slices(name, fingerprint)]

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
        if not self._dark:
            return ""
        return (
            f"{self._dark:,} of {self._judged:,} slices, in which less than {self.reading.foreground:g} of the pixels "
            "are brighter than a twentieth of the window (dataset.foreground)"
        )

    def _slices(self, name: str, fingerprint: str) -> list[Entry]:
        """List the slices of a volume; one that cannot be read stands as a single entry, to be reported by name."""
        suffix = next((suffix for suffix in self.suffixes if name.lower().endswith(suffix)), "")
        subject = name[: len(name) - len(suffix)]
        try:
            count = _oriented_shape(_opened(self._path(name), literal(name)), self.reading)[slice_axis(self.reading)]
            first, last = self.reading.slices or (0, count - 1)
            numbers = list(range(first, min(last, count - 1) + 1))
            if self.reading.foreground:
                self._judged += len(numbers)
                numbers, before = self._loaded(name).shown(numbers, self.reading), len(numbers)
                self._dark += before - len(numbers)
        except DataError:
            numbers = [0]
        return [Entry(f"{name}#{number}", fingerprint, subject=subject, together=name) for number in numbers]

    def _path(self, name: str) -> Path:
        return self.root if self.root.is_file() else self.root / name

    def _bounds(self, name: str, window: Window) -> tuple[float, float]:
        if self._window is None or self._window[:2] != (name, window):
            self._window = name, window, self._loaded(name).window(window)
        return self._window[2]

    def _loaded(self, name: str) -> Volume:
        """Return a volume with its intensities; the last one is kept."""
        if self._volume is None or self._volume[0] != name:
            self._volume = None
            image = _opened(self._path(name), literal(name))
            self._volume = name, _volume(image, self.reading, literal(name))
        return self._volume[1]


def _opened(path: Path, name: str) -> Any:
    """Open a volume without reading its intensities."""
    nibabel = require_extra("nibabel", "nifti", "NIfTI volumes")
    logging.getLogger("nibabel.global").disabled = True  # it logs what it then raises
    try:
        image = nibabel.load(path)
        _refuse_odd(image, name)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # ImageFileError, HeaderDataError, OSError, EOFError, zlib.error and more
        raise DataError(f"{name}: is no NIfTI volume or a damaged one: {literal(str(error))[:200]}") from error
    return image


def _refuse_odd(image: Any, name: str) -> None:
    shape = image.shape
    shown = " x ".join(str(side) for side in shape)
    if len(shape) < 3 or 0 in shape or any(side != 1 for side in shape[3:]):
        raise DataError(f"{name}: has the shape {shown}; a volume has three axes: take one time point or channel of it")
    dtype = image.get_data_dtype()
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise DataError(f"{name}: holds {dtype}, not intensities")
    if int(np.prod(np.array(shape, dtype=object))) * dtype.itemsize > MAX_VOLUME_BYTES:
        raise DataError(f"{name}: {shown} of {dtype} is more than {MAX_VOLUME_BYTES // 2**30} GiB")


def _oriented_shape(image: Any, options: SourceOptions) -> tuple[int, ...]:
    if options.orientation == "stored":
        return tuple(image.shape[:3])
    order = _orientation(image)[:, 0].astype(int)
    return tuple(int(image.shape[axis]) for axis in np.argsort(order))


def _orientation(image: Any) -> Any:
    """Return, for each stored axis, which of right, anterior, superior it lies along and in which sense: `[3, 2]`."""
    name = literal(Path(image.get_filename()).name)
    if image.header.get("sform_code", 1) == 0 and image.header.get("qform_code", 1) == 0:
        raise DataError(
            f"{name}: does not state its orientation; show its slices as stored: dataset.orientation = 'stored'"
        )
    nibabel = require_extra("nibabel", "nifti", "NIfTI volumes")
    try:
        with np.errstate(all="ignore"):
            found = nibabel.io_orientation(image.affine)
    except (np.linalg.LinAlgError, ValueError):
        found = np.full((3, 2), np.nan)
    if not np.isfinite(found).all() or sorted(found[:, 0]) != [0, 1, 2]:
        raise DataError(f"{name}: its orientation cannot be made out of its affine matrix")
    return found


def _volume(image: Any, options: SourceOptions, name: str) -> Volume:
    try:
        stored = np.asanyarray(image.dataobj.get_unscaled()).reshape(image.shape[:3], order="A")
        slope, inter = float(image.dataobj.slope), float(image.dataobj.inter)
        voxel = np.sqrt((image.affine[:3, :3] ** 2).sum(axis=0))
        if options.orientation != "stored":
            orientation = _orientation(image)
            order = np.argsort(orientation[:, 0].astype(int))
            stored = stored[tuple(slice(None, None, int(sense)) for sense in orientation[:, 1])].transpose(order)
            voxel = voxel[order]
    except (DataError, MemoryError):
        raise
    except Exception as error:
        raise DataError(f"{name}: is damaged or cut off: {literal(str(error))[:200]}") from error
    if not np.isfinite([slope, inter]).all():
        raise DataError(f"{name}: scales its intensities by {slope} and {inter}")
    return Volume(stored, slope, inter, name, (float(voxel[0]), float(voxel[1]), float(voxel[2])))
