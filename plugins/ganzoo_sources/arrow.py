"""Arrow format: what `save_to_disk` of Hugging Face's `datasets.Dataset` and `DatasetDict` writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import ComponentOptions, DataError
from ganzoo.data import (
    Entry,
    Picture,
    Source,
    SourceOptions,
    decode_image,
    file_fingerprint,
    inside_root,
    place_of,
    require_extra,
)
from ganzoo.text import literal

INFO, STATE, SPLITS_FILE = "dataset_info.json", "state.json", "dataset_dict.json"
_SPLITS = {"train": "train", "validation": "validate", "valid": "validate", "validate": "validate", "test": "test"}
_IMAGE_COLUMNS = ("image", "img", "images", "pixel_values")
_LABEL_COLUMNS = ("label", "labels", "fine_label", "class")
_MAX_JSON = 2**24


class ArrowSource(Source):
    """A Hugging Face dataset on disk: rows with an encoded image and perhaps a class, mapped and not loaded."""

    name = "arrow"
    takes_files = False

    def __init__(self, options: ComponentOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._open: tuple[str, _Table] | None = None

    @classmethod
    def recognizes_folder(cls, names: Collection[str]) -> bool:
        return SPLITS_FILE in names or STATE in names

    def entries(self) -> Sequence[Entry]:
        return [entry for folder, split in self._folders() for entry in self._of_split(folder, split)]

    def picture(self, key: str) -> Picture:
        file, number = place_of(key)
        name = literal(key)
        value = self._table(file).image(number, name)
        if isinstance(value, bytes):
            if not value:
                raise DataError(f"{name}: is empty")
            return decode_image(BytesIO(value), name)
        array = np.asarray(value)
        if array.dtype.kind == "i" and array.size and array.min() >= 0 and array.max() <= 255:  # Arrow's lists of int32
            array = array.astype(np.uint8)
        return array

    def _folders(self) -> list[tuple[Path, str | None]]:
        if not (self.root / SPLITS_FILE).is_file():
            return [(self.root, None)]
        names = _json(self.root / SPLITS_FILE).get("splits")
        if not isinstance(names, list) or not all(isinstance(name, str) and "/" not in name for name in names):
            raise DataError(f"{literal(str(self.root / SPLITS_FILE))}: has no list of splits")
        return [
            (inside_root(self, self.root / name), _SPLITS.get(name)) for name in names if name not in ("", ".", "..")
        ]

    def _of_split(self, folder: Path, split: str | None) -> list[Entry]:
        entries = []
        for path in self._files(folder):
            name = path.relative_to(self.root).as_posix()
            fingerprint = file_fingerprint(path)
            labels = self._table(name).labels()
            entries += [
                Entry(f"{name}#{number}", fingerprint, label, split=split) for number, label in enumerate(labels)
            ]
        return entries

    def _files(self, folder: Path) -> list[Path]:
        if not folder.is_dir():
            raise DataError(f"{literal(str(folder))} does not exist")
        listed = _json(folder / STATE).get("_data_files") if (folder / STATE).is_file() else None
        if listed is None:
            return sorted(folder.glob("*.arrow"))
        names = [file.get("filename") if isinstance(file, Mapping) else None for file in listed]
        for name in names:
            if not isinstance(name, str) or Path(name).name != name:
                raise DataError(f"{literal(str(folder / STATE))}: names a file that is not next to it")
        return [folder / str(name) for name in names]

    def _table(self, name: str) -> _Table:
        if self._open is None or self._open[0] != name or self.forget_if_forked():
            self._open = name, _Table(inside_root(self, self.root / name), literal(name))
        return self._open[1]


class _Table:
    """One Arrow file."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        pyarrow = require_extra("pyarrow", "arrow", "Hugging Face datasets")
        try:
            self._table = _mapped(pyarrow, path)
            self._table.validate(full=True)  # offsets that lead out of the file would end the process
        except MemoryError:
            raise
        except Exception as error:  # ArrowInvalid, OSError, UnicodeDecodeError and more
            raise DataError(f"{name}: is no Arrow file or a damaged one: {literal(str(error))[:200]}") from error
        self._features = _features(self._table.schema.metadata or {})
        self._image = self._column(_IMAGE_COLUMNS, "Image")
        if self._image is None:
            columns = ", ".join(literal(column) for column in self._table.column_names) or "none"
            raise DataError(f"{name}: has no column of images; it has: {columns}")
        self._label = self._column(_LABEL_COLUMNS, "ClassLabel")

    def labels(self) -> list[int | None]:
        if self._label is None:
            return [None] * int(self._table.num_rows)
        values = self._table.column(self._label).to_pylist()
        return [value if isinstance(value, int) and value >= 0 else None for value in values]

    def image(self, number: int, name: str) -> Any:
        if number >= self._table.num_rows:
            raise DataError(f"{name}: the file has only {self._table.num_rows} rows")
        value = self._table.column(self._image)[number].as_py()
        if isinstance(value, dict):
            if value.get("bytes") is None:
                raise DataError(
                    f"{name}: holds only a path, not the image; embed the images before save_to_disk "
                    "(datasets: cast_column('image', Image(decode=False)), or load them from an image folder)"
                )
            value = value["bytes"]
        if value is None:
            raise DataError(f"{name}: is missing")
        return value

    def _column(self, names: Sequence[str], kind: str) -> str | None:
        typed = [column for column, feature in self._features.items() if feature.get("_type") == kind]
        there = set(self._table.column_names)
        return next((column for column in [*typed, *names] if column in there), None)


def _mapped(pyarrow: Any, path: Path) -> Any:
    from importlib import import_module

    ipc = import_module("pyarrow.ipc")
    try:
        return ipc.open_stream(pyarrow.memory_map(str(path))).read_all()
    except pyarrow.ArrowInvalid:
        return ipc.open_file(pyarrow.memory_map(str(path))).read_all()


def _features(metadata: Mapping[bytes, bytes]) -> dict[str, Mapping[str, Any]]:
    """Return what `datasets` says of each column."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {str(name): feature for name, feature in features.items() if isinstance(feature, dict)}
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_JSON:
            raise DataError(f"{literal(str(path))}: has more than {_MAX_JSON // 2**20} MiB")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{literal(str(path))}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{literal(str(path))}: is damaged: {literal(str(error))}") from error
    if not isinstance(content, dict):
        raise DataError(f"{literal(str(path))}: is damaged: it holds no table")
    return content
