"""Array format: images in `.npy` and `.npz` files, `N x H x W` or `N x H x W x C`, memory-mapped."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import ComponentOptions, DataError
from ganzoo.data import (
    MAX_PIXELS,
    Entry,
    FoundFile,
    Picture,
    ReadingRule,
    Source,
    SourceOptions,
    Window,
    file_fingerprint,
    find_files,
    inside_root,
    place_of,
    subject_in_row,
)
from ganzoo.text import literal
from ganzoo_sources.archive import is_array_archive
from ganzoo_sources.numpy_files import map_npy, map_npz

_CHANNELS = (1, 3, 4)
_SIDE_ARRAYS = (".labels.npy", ".subjects.npy")


@dataclass(frozen=True)
class _Arrays:
    images: NDArray[Any]
    labels: NDArray[Any] | None
    subjects: NDArray[Any] | None


class ArraySource(Source):
    """Arrays in `.npy` and `.npz` files, one or a folder of them.

    Labels and subjects come from arrays `labels` and `subjects` of an `.npz`, or from `NAME.labels.npy` and
    `NAME.subjects.npy` beside `NAME.npy`.
    """

    name = "array"
    suffixes = (".npy", ".npz")
    reads_trees = True
    precedence = -3

    def __init__(self, options: ComponentOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._open: dict[str, _Arrays] = {}

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return file.start.startswith(b"\x93NUMPY") or is_array_archive(file)

    @classmethod
    def belongs(cls, file: FoundFile) -> bool:
        return file.name.endswith(cls.suffixes) and not file.name.endswith(_SIDE_ARRAYS)

    def entries(self) -> Sequence[Entry]:
        return [entry for name, fingerprint in self._files() for entry in self._entries_of(name, fingerprint)]

    def picture(self, key: str) -> Picture:
        name, number = place_of(key)
        images = self._arrays(name).images
        if number >= len(images):
            raise DataError(f"{literal(key)}: the array has only {len(images)} images")
        image = np.array(images[number])
        return image.astype(image.dtype.newbyteorder("="), copy=False)

    def window_for(self, key: str, rule: ReadingRule) -> Window:
        name = place_of(key)[0]
        _refuse_unscaled(self._arrays(name).images, rule.window, literal(name))
        return rule.window

    def _files(self) -> list[tuple[str, str]]:
        if self.root.is_file():
            return [(self.root.name, file_fingerprint(self.root))]
        tree = find_files(self.root, self.belongs, follow_links=self.reading.follow_links)
        return [(file.key, file.fingerprint) for file in tree.files]

    def _entries_of(self, name: str, fingerprint: str) -> list[Entry]:
        arrays = self._arrays(name)
        _refuse_unscaled(arrays.images, self.reading.window, literal(name))  # once, not for each image
        return [
            Entry(
                key=f"{name}#{number}",
                fingerprint=fingerprint,
                label=None if arrays.labels is None else int(arrays.labels[number]),
                subject=(
                    subject_in_row(self.reading.per_subject, number, name)
                    if arrays.subjects is None
                    else str(arrays.subjects[number])
                ),
            )
            for number in range(len(arrays.images))
        ]

    def _arrays(self, name: str) -> _Arrays:
        if name not in self._open:
            path = self.root if self.root.is_file() else self.root / name
            found = map_npz(path) if path.suffix.lower() == ".npz" else self._beside(path)
            images = _as_images(found["images"], literal(name))
            labels = _side(found.get("labels"), len(images), "iu", f"{literal(name)}: labels")
            subjects = _side(found.get("subjects"), len(images), "iuUS", f"{literal(name)}: subjects")
            self._open = {name: _Arrays(images, labels, subjects)}  # one at a time: mapped files are few
        return self._open[name]

    def _beside(self, path: Path) -> dict[str, NDArray[Any]]:
        found = {"images": map_npy(path)}
        for name in ("labels", "subjects"):
            beside = path.with_name(f"{path.stem}.{name}.npy")
            if beside.is_file():
                found[name] = map_npy(inside_root(self, beside))
        return found


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


def _side(array: NDArray[Any] | None, count: int, kinds: str, name: str) -> NDArray[Any] | None:
    if array is None:
        return None
    if array.shape != (count,) or array.dtype.kind not in kinds:
        raise DataError(f"{name} are {array.dtype}{list(array.shape)}; they must be one for each of {count} images")
    return array
