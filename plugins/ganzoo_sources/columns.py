"""Columns of Hugging Face datasets: which holds images and which labels, and what stands in a cell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from pydantic import Field

from ganzoo import ComponentOptions, DataError
from ganzoo.data import Picture, decode_image
from ganzoo.text import literal

_IMAGES = ("image", "img", "images", "pixel_values")
_LABELS = ("label", "labels", "fine_label", "class")
_SPLITS = {"train": "train", "validation": "validate", "valid": "validate", "val": "validate", "test": "test"}


class ColumnOptions(ComponentOptions):
    """Columns, where a dataset has several of a kind or names of its own."""

    image: str = Field(default="", description="Column of images. Default: the one that is stated to be, or image.")
    label: str = Field(default="", description="Column of labels. Default: the one that is stated to be, or label.")


@dataclass(frozen=True)
class Columns:
    """The columns of a file that are read.

    Attributes:
        image: That of images.
        label: That of labels, if any.
        class_names: Names of classes 0, 1, ..., as far as they are stated.
    """

    image: str
    label: str | None
    class_names: tuple[str, ...]


def columns_of(schema: Any, options: ColumnOptions, name: str) -> Columns:
    """Return which columns of an Arrow schema are what. Raises DataError where none holds images."""
    there = [str(column) for column in schema.names]
    features = _features(schema.metadata or {})
    image = _column(options.image, there, features, "Image", _IMAGES, name)
    if image is None:
        listed = ", ".join(literal(column) for column in there) or "none"
        raise DataError(
            f"{name}: has no column of images; it has: {listed}. Name the one that holds them by the source's option "
            "image (--set source.image=NAME, with --set source.name=...)"
        )
    label = _column(options.label, there, features, "ClassLabel", _LABELS, name)
    names = features.get(label or "", {}).get("names")
    named = isinstance(names, list) and all(isinstance(each, str) for each in names)
    return Columns(image, label, tuple(names) if names is not None and named else ())


def picture_in(value: Any, name: str) -> Picture:
    """Return the image that a cell holds: a file's bytes, a table with them, or an array. Raises DataError."""
    if isinstance(value, Mapping):
        if value.get("bytes") is None:
            raise DataError(
                f"{name}: holds only a path, not the image; embed the images before they are saved (datasets: "
                "cast_column('image', Image(decode=False)), or load them from an image folder)"
            )
        value = value["bytes"]
    if value is None:
        raise DataError(f"{name}: is missing")
    if isinstance(value, bytes):
        if not value:
            raise DataError(f"{name}: is empty")
        return decode_image(BytesIO(value), name)
    array = np.asarray(value)
    if array.dtype.kind == "i" and array.size and array.min() >= 0 and array.max() <= 255:  # Arrow's lists of int32
        array = array.astype(np.uint8)
    return array


def numbered(values: Sequence[Any]) -> tuple[list[int | None], tuple[str, ...]]:
    """Return class numbers of labels, and names: whole numbers are classes, words are numbered in their order."""
    if any(isinstance(value, str) for value in values):
        names = sorted({value for value in values if isinstance(value, str)})
        number = {name: index for index, name in enumerate(names)}
        return [number.get(value) if isinstance(value, str) else None for value in values], tuple(names)
    whole = [
        value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None for value in values
    ]
    return whole, ()


def splits_of(paths: Sequence[str]) -> list[str | None]:
    """Return the split of each file by the names of its folders and its own, where there are several splits."""
    found = [_split_in(path) for path in paths]
    return list(found) if len(set(found)) > 1 and None not in found else [None] * len(paths)


def _split_in(path: str) -> str | None:
    parts = PurePosixPath(path).parts
    for word in (parts[-1].replace("_", "-").replace(".", "-").partition("-")[0], *reversed(parts[:-1])):
        if word.lower() in _SPLITS:
            return _SPLITS[word.lower()]
    return None


def _column(
    wanted: str,
    there: Sequence[str],
    features: Mapping[str, Mapping[str, Any]],
    kind: str,
    usual: Sequence[str],
    name: str,
) -> str | None:
    if wanted:
        if wanted not in there:
            listed = ", ".join(literal(column) for column in there) or "none"
            raise DataError(f"{name}: has no column {literal(wanted)!r}; it has: {listed}")
        return wanted
    typed = [column for column, feature in features.items() if feature.get("_type") == kind]
    return next((column for column in [*typed, *usual] if column in there), None)


def _features(metadata: Mapping[bytes, bytes]) -> dict[str, Mapping[str, Any]]:
    """Return what `datasets` says of each column."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {str(name): feature for name, feature in features.items() if isinstance(feature, dict)}
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
