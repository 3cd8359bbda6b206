"""Layout of arrays: which of a file's arrays are images, labels and subjects, and of which split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import DataError
from ganzoo.text import literal

_OTHERS = ("labels", "subjects", "class_names")
_SPLITS = (("train", "train"), ("val", "validate"), ("valid", "validate"), ("validation", "validate"), ("test", "test"))


@dataclass(frozen=True)
class ArrayGroup:
    """Names of arrays that belong together; those that are not there are None.

    Attributes:
        images: The images.
        labels: A class for each of them.
        subjects: Whom each shows.
        split: The split that they are stated to be, if any.
    """

    images: str
    labels: str | None = None
    subjects: str | None = None
    split: str | None = None


def groups_in(names: Sequence[str], images: str, labels: str, where: str) -> list[ArrayGroup]:
    """Return which arrays of an `.npz` are what.

    Known are `images` with `labels` and `subjects`; MedMNIST's `train_images` and `train_labels`, and so for `val` and
    `test`; Keras's `x_train` and `y_train`, and so for `test`; what `numpy.savez(file, images, labels)` calls `arr_0`
    and `arr_1`; and one array alone.

    Args:
        names: The arrays that there are.
        images: The array of images that options name; empty: one of the layouts.
        labels: The array of labels that options name.
        where: What messages call the file.

    Raises:
        DataError: It is not clear which array holds the images, or there is none of that name.
    """
    for wanted in (images, labels):
        if wanted and wanted not in names:
            raise DataError(f"{where}: has no array {wanted!r}; it has: {_shown(names)}")
    subjects = "subjects" if "subjects" in names else None
    if images or "images" in names:
        return [ArrayGroup(images or "images", labels or _there("labels", names), subjects)]
    if found := _of_splits(names, labels):
        return found
    others = sorted(set(names) - set(_OTHERS) - {labels})
    if others == ["arr_0", "arr_1"]:
        return [ArrayGroup("arr_0", labels or "arr_1", subjects)]
    if len(others) != 1:
        raise DataError(
            f"{where}: needs an array called 'images'; it has: {_shown(others)}. Name the one that holds them: "
            'dataset.source = { name = "array", images = "NAME", labels = "NAME" } '
            "(--set source.name=array --set source.images=NAME)"
        )
    return [ArrayGroup(others[0], labels or _there("labels", names), subjects)]


def _of_splits(names: Sequence[str], labels: str) -> list[ArrayGroup]:
    return [
        ArrayGroup(images, labels or _there(classes, names), None, split)
        for word, split in _SPLITS
        for images, classes in ((f"{word}_images", f"{word}_labels"), (f"x_{word}", f"y_{word}"))
        if images in names
    ]


def _there(name: str, names: Sequence[str]) -> str | None:
    return name if name in names else None


def classes_of(array: NDArray[Any], count: int, name: str) -> NDArray[np.int64]:
    """Return class numbers `[N]` of labels `[N]`, `[N, 1]` or one-hot rows `[N, K]`.

    Raises:
        DataError: They are none for each of `count` images.
    """
    flat = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim not in (1, 2) or len(array) != count or array.dtype.kind not in "buif":
        raise DataError(f"{name} are {array.dtype}{list(array.shape)}; they must be one for each of {count} images")
    if flat.ndim == 2:
        if not ((flat == 0) | (flat == 1)).all() or (flat.sum(axis=1) != 1).any():
            raise DataError(
                f"{name} are {array.dtype}{list(array.shape)}, with rows that are not one-hot: an image has one class"
            )
        flat = flat.argmax(axis=1)
    if flat.dtype.kind == "f" and not (np.isfinite(flat) & (flat == np.floor(flat))).all():
        raise DataError(f"{name} are {array.dtype}, and not all whole numbers")
    if len(flat) and (flat.min() < 0 or flat.max() >= 2**31):
        raise DataError(f"{name} are from {flat.min()} to {flat.max()}; classes count from 0 on")
    return np.asarray(flat, np.int64)


def subjects_of(array: NDArray[Any], count: int, name: str) -> list[str]:
    """Return the subject of each of `count` images. Raises DataError."""
    flat = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if flat.shape != (count,) or flat.dtype.kind not in "iuUS":
        raise DataError(f"{name} are {array.dtype}{list(array.shape)}; they must be one for each of {count} images")
    return [str(subject) for subject in flat]


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return (", ".join(literal(name) for name in names[:10]) or "none") + more
