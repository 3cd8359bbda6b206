"""Array format: images in `.npy` and `.npz` files, `N x H x W` or `N x H x W x C`, memory-mapped."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganzoo import ComponentOptions, DataError
from ganzoo.data import (
    MAX_PIXELS,
    Entry,
    FoundFile,
    Picture,
    ReadingRule,
    Source,
    SourceOptions,
    StatedClasses,
    Window,
    files_of,
    inside_root,
    path_of,
    place_of,
    subject_in_row,
)
from ganzoo.text import literal
from ganzoo_sources.archive import is_array_archive
from ganzoo_sources.array_layout import classes_of, groups_in, subjects_of
from ganzoo_sources.numpy_files import NpzFile, map_npy

_CHANNELS = (1, 3, 4)
_SIDE_ARRAYS = (".labels.npy", ".subjects.npy")


class ArrayOptions(ComponentOptions):
    """Names of arrays, where an `.npz` has names of its own."""

    images: str = Field(default="", description="The array of images. Default: images, or what the layout has.")
    labels: str = Field(default="", description="The array of labels. Default: labels, or what the layout has.")


@dataclass(frozen=True)
class _Part:
    """Arrays that belong together: images, their classes and subjects, their split."""

    images: NDArray[Any]
    labels: NDArray[np.int64] | None = None
    subjects: Sequence[str] | None = None
    split: str | None = None


class ArraySource(Source[ArrayOptions]):
    """Arrays in `.npy` and `.npz` files, one or a folder of them: MedMNIST's and Keras's too.

    Labels and subjects come from arrays `labels` and `subjects` of an `.npz`, or from `NAME.labels.npy` and
    `NAME.subjects.npy` beside `NAME.npy`.
    """

    name = "array"
    Options = ArrayOptions
    suffixes = (".npy", ".npz")
    reads_trees = True
    precedence = -3

    @classmethod
    def example_root(cls, folder: Path) -> Path:
        from ganzoo_sources.examples import array_example

        return array_example(folder)

    def __init__(self, options: ArrayOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._open: dict[str, list[_Part]] = {}
        self._classes = StatedClasses()

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return file.start.startswith(b"\x93NUMPY") or is_array_archive(file)

    @classmethod
    def belongs(cls, file: FoundFile) -> bool:
        return file.name.endswith(cls.suffixes) and not file.name.endswith(_SIDE_ARRAYS)

    def entries(self) -> Sequence[Entry]:
        self._classes, self._open = StatedClasses(), {}
        return [entry for name, fingerprint in files_of(self) for entry in self._entries_of(name, fingerprint)]

    def classes(self) -> StatedClasses:
        return self._classes

    def picture(self, key: str) -> Picture:
        name, number = place_of(key)
        count = 0
        for part in self._parts(name):
            if number - count < len(part.images):
                image = np.array(part.images[number - count])
                return image.astype(image.dtype.newbyteorder("="), copy=False)
            count += len(part.images)
        raise DataError(f"{literal(key)}: the array has only {count} images")

    def window_for(self, key: str, rule: ReadingRule) -> Window:
        name = place_of(key)[0]
        for part in self._parts(name):
            _refuse_unscaled(part.images, rule.window, literal(name))
        return rule.window

    def _entries_of(self, name: str, fingerprint: str) -> list[Entry]:
        entries: list[Entry] = []
        for part in self._parts(name):
            _refuse_unscaled(part.images, self.reading.window, literal(name))  # once, not for each image
            first = len(entries)
            for number in range(len(part.images)):
                label = None if part.labels is None else int(part.labels[number])
                subject = (
                    subject_in_row(self.reading.per_subject, first + number, name)
                    if part.subjects is None
                    else part.subjects[number]
                )
                entries.append(Entry(f"{name}#{first + number}", fingerprint, label, subject, part.split))
        return entries

    def _parts(self, name: str) -> list[_Part]:
        if name not in self._open:
            path = path_of(self, name)
            parts = self._packed(path, literal(name)) if path.suffix.lower() == ".npz" else [self._single(path, name)]
            self._open = {name: parts}  # one at a time: mapped files are few
        return self._open[name]

    def _packed(self, path: Path, name: str) -> list[_Part]:
        file = NpzFile(path)
        if "class_names" in file.names and (names := file.array("class_names")).ndim == 1:
            self._classes = replace(self._classes, names=tuple(str(each) for each in names))
        parts = []
        for group in groups_in(file.names, self.options.images, self.options.labels, name):
            images = _as_images(file.array(group.images), f"{name}: {literal(group.images)}")
            subjects = None
            if group.subjects:
                subjects = subjects_of(file.array(group.subjects), len(images), f"{name}: subjects")
            labels = None
            if group.labels:
                labels = self._labels(file.array(group.labels), len(images), f"{name}: {literal(group.labels)}")
            parts.append(_Part(images, labels, subjects, group.split))
        return parts

    def _single(self, path: Path, name: str) -> _Part:
        images = _as_images(map_npy(path), literal(name))
        beside = {what: path.with_name(f"{path.stem}.{what}.npy") for what in ("labels", "subjects")}
        found = {what: map_npy(inside_root(self, file)) for what, file in beside.items() if file.is_file()}
        labels = subjects = None
        if "labels" in found:
            labels = self._labels(found["labels"], len(images), f"{literal(name)}: labels")
        if "subjects" in found:
            subjects = subjects_of(found["subjects"], len(images), f"{literal(name)}: subjects")
        return _Part(images, labels, subjects)

    def _labels(self, array: NDArray[Any], count: int, name: str) -> NDArray[np.int64] | None:
        try:
            return classes_of(array, count, name)
        except DataError as error:
            self._classes = replace(self._classes, complaint=str(error))
            return None


def _as_images(array: NDArray[Any], name: str) -> NDArray[Any]:
    if array.dtype.kind not in "buif":
        raise DataError(f"{name}: holds {array.dtype}, not intensities")
    if array.ndim == 2:
        array = array[None]
    shown = " x ".join(str(side) for side in array.shape)
    if array.ndim == 4 and array.shape[3] not in _CHANNELS and array.shape[1] in _CHANNELS:
        raise DataError(f"{name}: is {shown}, with its channels before its rows; transpose it to N x H x W x C")
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] not in _CHANNELS):
        raise DataError(f"{name}: is an array of {shown}; images are N x H x W or N x H x W x C with C of 1, 3 or 4")
    if array.shape[1] * array.shape[2] > MAX_PIXELS:
        raise DataError(f"{name}: is {shown}; its images have more than {MAX_PIXELS // 10**6} million pixels")
    if 0 in array.shape[1:]:
        raise DataError(f"{name}: is an array of {shown}, whose images have no pixels")
    return array


def _refuse_unscaled(images: NDArray[Any], window: Window, name: str) -> None:
    if images.dtype.kind == "f" and window in ("range", "full") and len(images):
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):  # of an image that is all NaN
            low, high = np.nanmin(images[0]), np.nanmax(images[0])
        raise DataError(
            f"{name}: an array of {images.dtype} does not say which value is black and which white (its first image "
            f"has {low:g} to {high:g}); state it: dataset.window = [low, high], by --set 'window=[low,high]' on the "
            "command line"
        )
