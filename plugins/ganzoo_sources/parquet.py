"""Parquet format: the files of a dataset on the Hugging Face Hub, as they are downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ganzoo import DataError
from ganzoo.data import (
    Entry,
    FoundFile,
    Picture,
    Source,
    SourceOptions,
    StatedClasses,
    files_of,
    path_of,
    place_of,
    require_extra,
)
from ganzoo.text import literal, reason_of
from ganzoo_sources.columns import ColumnOptions, Columns, columns_of, numbered, picture_in, splits_of

_START = b"PAR1"
_MOST_BYTES = 4 * 2**30  # of the images of a row group, of which one is in memory at a time


class ParquetSource(Source[ColumnOptions]):
    """Parquet files, one or a folder of them: rows with an encoded image and perhaps a class.

    Splits are those that files or their folders are called by, such as `train-00000-of-00001.parquet`.
    """

    name = "parquet"
    Options = ColumnOptions
    suffixes = (".parquet",)
    reads_trees = True
    precedence = -4

    @classmethod
    def example_root(cls, folder: Path) -> Path | None:
        from ganzoo_sources.examples import parquet_example

        return parquet_example(folder)

    def __init__(self, options: ColumnOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._open: tuple[str, _Table] | None = None
        self._names: tuple[str, ...] = ()

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return file.start.startswith(_START)

    def entries(self) -> Sequence[Entry]:
        self._open = None
        files = files_of(self)
        rows: list[partial[Entry]] = []
        stated: list[Any] = []
        names: tuple[str, ...] = ()
        for (name, fingerprint), split in zip(files, splits_of([name for name, _ in files]), strict=True):
            table = self._table(name)
            names = names or table.columns.class_names
            stated += table.labels()
            for number, group in enumerate(table.groups()):
                together = f"{name}#{group}"
                rows.append(partial(Entry, f"{name}#{number}", fingerprint, split=split, together=together))
        labels, words = numbered(stated)
        self._names = words or names
        return [row(label=label) for row, label in zip(rows, labels, strict=True)]

    def classes(self) -> StatedClasses:
        return StatedClasses(self._names)

    def picture(self, key: str) -> Picture:
        name, number = place_of(key)
        return picture_in(self._table(name).image(number, literal(key)), literal(key))

    def _table(self, name: str) -> _Table:
        if self._open is None or self._open[0] != name or self.forget_if_forked():
            self._open = name, _Table(path_of(self, name), literal(name), self.options)
        return self._open[1]


class _Table:
    """One Parquet file, of which the images of one row group are in memory at a time."""

    def __init__(self, path: Path, name: str, options: ColumnOptions) -> None:
        self._name = name
        self._pyarrow = require_extra("pyarrow.parquet", "arrow", "Parquet files")
        self._file = self._guarded(lambda: self._pyarrow.ParquetFile(path, page_checksum_verification=True))
        self.columns: Columns = columns_of(self._guarded(lambda: self._file.schema_arrow), options, name)
        self._rows: list[int] = self._guarded(
            lambda: [self._file.metadata.row_group(group).num_rows for group in range(self._file.num_row_groups)]
        )
        if min(self._rows, default=0) < 0 or sum(self._rows) > path.stat().st_size:  # an image takes more than a byte
            raise DataError(f"{name}: states {sum(self._rows):,} rows, more than it can hold: it is damaged")
        self._kept: tuple[int, Any] | None = None

    def labels(self) -> list[Any]:
        if self.columns.label is None:
            return [None] * sum(self._rows)
        found = self._guarded(
            lambda: self._file.read(columns=[self.columns.label], use_threads=False).column(0).to_pylist()
        )
        if len(found) != sum(self._rows):
            raise DataError(f"{self._name}: states {sum(self._rows):,} rows and has {len(found):,}: it is damaged")
        return list(found)

    def groups(self) -> list[int]:
        """Return the row group of each row."""
        return [group for group, count in enumerate(self._rows) for _ in range(count)]

    def image(self, number: int, name: str) -> Any:
        for group, count in enumerate(self._rows):
            if number < count:
                return self._guarded(partial(self._cell, group, number))
            number -= count
        raise DataError(f"{name}: the file has only {sum(self._rows)} rows")

    def _cell(self, group: int, number: int) -> Any:
        return self._images(group)[number].as_py()

    def _images(self, group: int) -> Any:
        if self._kept is None or self._kept[0] != group:
            self._kept = None
            # Not column by column: pyarrow ends the process where the statistics of a column are damaged.
            if self._file.metadata.row_group(group).total_byte_size > _MOST_BYTES:
                raise DataError(
                    f"{self._name}: has more than {_MOST_BYTES // 2**30} GiB in one row group; write smaller"
                )
            table = self._file.read_row_group(group, columns=[self.columns.image], use_threads=False)
            table.validate(full=True)  # offsets that lead out of the column would end the process
            self._kept = group, table.column(self.columns.image)
        return self._kept[1]

    def _guarded(self, read: Any) -> Any:
        try:
            return read()
        except (DataError, MemoryError):
            raise
        except Exception as error:  # ArrowInvalid, OSError, UnicodeDecodeError and more
            raise DataError(f"{self._name}: is no Parquet file or a damaged one: {reason_of(error)}") from error
