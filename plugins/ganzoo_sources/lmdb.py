"""LMDB format, as rosinality's `prepare_data.py` writes it: keys `<resolution>-<index, five digits>`, and `length`."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from io import BytesIO
from pathlib import Path

from ganzoo import ComponentOptions, DataError
from ganzoo.data import (
    Entry,
    FoundFile,
    Picture,
    Source,
    SourceOptions,
    decode_image,
    file_fingerprint,
    inside_root,
    subject_in_row,
)
from ganzoo.text import literal
from ganzoo_sources.btree import MAGIC, MAGIC_OFFSET, KeyFile
from ganzoo_sources.levels import best_level

DATA_FILE = "data.mdb"
_RESOLUTIONS = tuple(2**power for power in range(2, 13))
_MAX_DIGITS = 12


class LmdbSource(Source):
    """LMDB of encoded images as rosinality's `prepare_data.py` writes it, at the stored resolution that suits best."""

    name = "lmdb"
    suffixes = (".mdb",)

    @classmethod
    def example_root(cls, folder: Path) -> Path | None:
        from ganzoo_sources.examples import lmdb_example

        return lmdb_example(folder)

    def __init__(self, options: ComponentOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._database: KeyFile | None = None
        self._path = root / DATA_FILE if root.is_dir() else root

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return file.start[MAGIC_OFFSET : MAGIC_OFFSET + 4] == struct.pack("<I", MAGIC)

    @classmethod
    def recognizes_folder(cls, names: Collection[str]) -> bool:
        return DATA_FILE in names

    def entries(self) -> Sequence[Entry]:
        database = self._opened()
        count = self._length(database)
        if not count:
            return []
        level = self._level(database)
        fingerprint = file_fingerprint(self._path)
        per_subject = self.reading.per_subject
        return [
            Entry(f"{level}-{number:05d}", fingerprint, subject=subject_in_row(per_subject, number, ""))
            for number in range(count)
        ]

    def picture(self, key: str) -> Picture:
        name = literal(key)
        value = self._opened().get(key.encode("utf-8", "surrogatepass"))
        if value is None:
            raise DataError(f"{name}: is not in the database, though its length says so")
        if not value:
            raise DataError(f"{name}: is empty")
        return decode_image(BytesIO(value), name)

    def found(self) -> str:
        return f"a database of {self._opened().count} keys"

    def _opened(self) -> KeyFile:
        if self._database is None:
            self._database = KeyFile(inside_root(self, self._path))
        return self._database

    def _length(self, database: KeyFile) -> int:
        name = literal(str(self._path))
        value = database.get(b"length")
        if value is None:
            raise DataError(
                f"{name}: has no key 'length'. Expected is the layout of rosinality's prepare_data.py: keys "
                "<resolution>-<index, five digits> and 'length'"
            )
        if not value.isdigit() or len(value) > _MAX_DIGITS or int(value) > database.count:
            raise DataError(f"{name}: says it has {literal(repr(value[:40]))} images, and has {database.count} keys")
        return int(value)

    def _level(self, database: KeyFile) -> int:
        there = [level for level in _RESOLUTIONS if database.get(f"{level}-00000".encode()) is not None]
        if not there:
            raise DataError(f"{literal(str(self._path))}: has no image 00000 at any resolution from 4 to 4096")
        return best_level(there, self.reading.resolution)
