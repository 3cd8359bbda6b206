"""Arrow format: what `save_to_disk` of Hugging Face's `datasets.Dataset` and `DatasetDict` writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganzoo import DataError
from ganzoo.data import (
    Entry,
    Picture,
    Source,
    SourceOptions,
    StatedClasses,
    file_fingerprint,
    inside_root,
    place_of,
    require_extra,
)
from ganzoo.text import literal, reason_of
from ganzoo_sources.columns import ColumnOptions, columns_of, numbered, picture_in

INFO, STATE, SPLITS_FILE = "dataset_info.json", "state.json", "dataset_dict.json"
_SPLITS = {"train": "train", "validation": "validate", "valid": "validate", "validate": "validate", "test": "test"}
_MAX_JSON = 2**24


class ArrowSource(Source[ColumnOptions]):
    """A Hugging Face dataset on disk: rows with an encoded image and perhaps a class, mapped and not loaded."""

    name = "arrow"
    Options = ColumnOptions
    takes_files = False

    @classmethod
    def example_root(cls, folder: Path) -> Path | None:
        from ganzoo_sources.examples import arrow_example

        return arrow_example(folder)

    def __init__(self, options: ColumnOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._open: tuple[str, _Table] | None = None
        self._names: tuple[str, ...] = ()

    @classmethod
    def recognizes_folder(cls, names: Collection[str]) -> bool:
        return SPLITS_FILE in names or STATE in names

    def entries(self) -> Sequence[Entry]:
        self._names, rows, stated = (), [], []
        for folder, split in self._folders():
            for path in self._files(folder):
                name, fingerprint = path.relative_to(self.root).as_posix(), file_fingerprint(path)
                table = self._table(name)
                labels = table.labels()
                self._names = self._names or table.columns.class_names
                stated += labels
                rows += [(f"{name}#{number}", fingerprint, split) for number in range(len(labels))]
        numbers, words = numbered(stated)
        self._names = words or self._names
        return [
            Entry(key, fingerprint, label, split=split)
            for (key, fingerprint, split), label in zip(rows, numbers, strict=True)
        ]

    def classes(self) -> StatedClasses:
        return StatedClasses(self._names)

    def picture(self, key: str) -> Picture:
        file, number = place_of(key)
        return picture_in(self._table(file).image(number, literal(key)), literal(key))

    def _folders(self) -> list[tuple[Path, str | None]]:
        if not (self.root / SPLITS_FILE).is_file():
            return [(self.root, None)]
        names = _json(self.root / SPLITS_FILE).get("splits")
        if not isinstance(names, list) or not all(isinstance(name, str) and "/" not in name for name in names):
            raise DataError(f"{literal(str(self.root / SPLITS_FILE))}: has no list of splits")
        return [
            (inside_root(self, self.root / name), _SPLITS.get(name)) for name in names if name not in ("", ".", "..")
        ]

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
            self._open = name, _Table(inside_root(self, self.root / name), literal(name), self.options)
        return self._open[1]


class _Table:
    """One Arrow file."""

    def __init__(self, path: Path, name: str, options: ColumnOptions) -> None:
        self.name = name
        pyarrow = require_extra("pyarrow", "arrow", "Hugging Face datasets")
        try:
            self._table = _mapped(pyarrow, path)
            self._table.validate(full=True)  # offsets that lead out of the file would end the process
        except MemoryError:
            raise
        except Exception as error:  # ArrowInvalid, OSError, UnicodeDecodeError and more
            raise DataError(f"{name}: is no Arrow file or a damaged one: {reason_of(error)}") from error
        self.columns = columns_of(self._table.schema, options, name)

    def labels(self) -> list[Any]:
        if self.columns.label is None:
            return [None] * int(self._table.num_rows)
        return list(self._table.column(self.columns.label).to_pylist())

    def image(self, number: int, name: str) -> Any:
        if number >= self._table.num_rows:
            raise DataError(f"{name}: the file has only {self._table.num_rows} rows")
        return self._table.column(self.columns.image)[number].as_py()


def _mapped(pyarrow: Any, path: Path) -> Any:
    from importlib import import_module

    ipc = import_module("pyarrow.ipc")
    try:
        return ipc.open_stream(pyarrow.memory_map(str(path))).read_all()
    except pyarrow.ArrowInvalid:
        return ipc.open_file(pyarrow.memory_map(str(path))).read_all()


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_JSON:
            raise DataError(f"{literal(str(path))}: has more than {_MAX_JSON // 2**20} MiB")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{literal(str(path))}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{literal(str(path))}: is damaged: {reason_of(error)}") from error
    if not isinstance(content, dict):
        raise DataError(f"{literal(str(path))}: is damaged: it holds no table")
    return content
