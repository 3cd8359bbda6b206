"""Tar format: archives of image files and WebDataset shards, read in place; no link in them is followed."""

from __future__ import annotations

import gzip
import struct
import tarfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from ganzoo import ComponentOptions, DataError
from ganzoo.data import (
    IMAGE_SUFFIXES,
    Entry,
    FoundFile,
    Picture,
    Source,
    SourceOptions,
    StatedClasses,
    decode_image,
    file_fingerprint,
    files_of,
    path_of,
    unpack_once,
)
from ganzoo.text import literal, reason_of
from ganzoo_sources.archive import MAX_MEMBER_BYTES, found_text, is_hidden, refuse_names
from ganzoo_sources.columns import numbered, splits_of
from ganzoo_sources.labels import LABELS_FILE, labels_of

_MARK = (257, b"ustar")
_PACKED = (".tar.gz", ".tgz")
_GZIP = b"\x1f\x8b"
_GZIP_SIZE = struct.Struct("<I")  # of what was packed, at the end of the file
_BLOCK = 2**22
_MOST_EXPANDED = 20  # images hardly shrink: what expands more is no archive of them
_ALWAYS_EXPANDED = 2**26
_MOST_LABEL_BYTES = 2**10
_LABEL_SUFFIX = ".cls"
_AT = "@"


@dataclass(frozen=True)
class _Member:
    """A file of an archive: where its bytes lie, and why it cannot be read, if it cannot."""

    start: int
    size: int
    reason: str = ""


class TarSource(Source):
    """Tar archives of image files, one or a folder of shards, as WebDataset writes them; gzipped ones too.

    Labels come from a `dataset.json`, or from `NAME.cls` beside `NAME.png`: a class number, or a word.
    """

    name = "tar"
    suffixes = (".tar", *_PACKED)
    reads_trees = True
    has_file_names = True
    precedence = -4

    @classmethod
    def example_root(cls, folder: Path) -> Path:
        from ganzoo_sources.examples import tar_example

        return tar_example(folder)

    def __init__(self, options: ComponentOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._indices: dict[str, dict[str, _Member]] = {}
        self._paths: dict[str, Path] = {}
        self._classes = StatedClasses()
        self._others: Counter[str] = Counter()
        self._count = 0

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        offset, mark = _MARK
        return file.start[offset:].startswith(mark) or file.name.endswith(_PACKED)

    def entries(self) -> Sequence[Entry]:
        self._indices, self._paths, self._others = {}, {}, Counter()
        shards = files_of(self)
        splits = splits_of([shard for shard, _ in shards])
        entries: list[Entry] = []
        names: list[str] = []
        for (shard, fingerprint), split in zip(shards, splits, strict=True):
            index = self._index(shard)
            images = sorted(name for name in index if _suffix(name) in IMAGE_SUFFIXES)
            refuse_names(images, literal(shard))
            at = f"{_AT}{shard}" if self.root.is_dir() else ""
            entries += [Entry(f"{name}{at}", fingerprint, split=split, together=shard) for name in images]
            names += images
            self._others.update(_suffix(name) or "files without suffix" for name in sorted(index.keys() - set(images)))
        self._count = len(entries)
        labels = self._labels([shard for shard, _ in shards], entries, names)
        return [replace(entry, label=label) for entry, label in zip(entries, labels, strict=True)]

    def classes(self) -> StatedClasses:
        return self._classes

    def picture(self, key: str) -> Picture:
        shard, name = self._place(key)
        return decode_image(BytesIO(self._content(shard, name)), literal(key))

    def found(self) -> str:
        return found_text(self._count, self._others)

    def _place(self, key: str) -> tuple[str, str]:
        if self.root.is_file():
            return self.root.name, key
        pieces = key.split(_AT)
        for number in range(1, len(pieces)):
            shard = _AT.join(pieces[number:])
            if (self.root / shard).is_file():
                return shard, _AT.join(pieces[:number])
        raise DataError(f"{literal(key)}: is no image of this source")

    def _labels(self, shards: Sequence[str], entries: Sequence[Entry], names: Sequence[str]) -> Sequence[int | None]:
        files = {
            name: partial(self._content, shard, name)
            for shard in (shards if len(shards) == 1 else ())  # of several, a name may be that of other images too
            for name in self._index(shard)
            if PurePosixPath(name).name == LABELS_FILE
        }
        if files:
            found = labels_of(files, names, literal(str(self.root)))
            self._classes = found.classes
            return [found.of.get(name) for name in names]
        stated = [self._label(entry.together, name) for entry, name in zip(entries, names, strict=True)]
        numbers, words = numbered(stated)
        self._classes = StatedClasses(words)
        return numbers

    def _label(self, shard: str, name: str) -> Any:
        """Return what the `.cls` beside an image says: the name up to the first dot is what both share."""
        folder, _, file = name.rpartition("/")
        beside = f"{folder}/" * bool(folder) + file.partition(".")[0] + _LABEL_SUFFIX
        index = self._index(shard)
        if beside not in index or index[beside].size > _MOST_LABEL_BYTES:
            return None
        text = self._content(shard, beside).decode("utf-8", "replace").strip()
        return int(text) if text.isascii() and text.isdigit() else text or None

    def _path(self, shard: str) -> Path:
        if shard not in self._paths:
            path = path_of(self, shard)
            packed = FoundFile(path).start.startswith(_GZIP)
            self._paths[shard] = _unpacked(path, literal(shard)) if packed else path
        return self._paths[shard]

    def _index(self, shard: str) -> dict[str, _Member]:
        if shard not in self._indices:
            self._indices[shard] = _members(self._path(shard), literal(shard))
        return self._indices[shard]

    def _content(self, shard: str, name: str) -> bytes:
        member, shown = self._index(shard).get(name), literal(f"{shard}: {name}")
        if member is None:
            raise DataError(f"{shown}: is not in the archive")
        if member.reason:
            raise DataError(f"{shown}: {member.reason}")
        try:
            with self._path(shard).open("rb") as file:
                file.seek(member.start)
                return file.read(member.size)
        except OSError as error:
            raise DataError(f"{shown}: {error.strerror}") from error


def _members(path: Path, name: str) -> dict[str, _Member]:
    """List the files of an archive but hidden ones, by name. Raises DataError."""
    found: dict[str, _Member] = {}
    try:
        whole = path.stat().st_size
        with tarfile.open(path, "r:") as archive:
            for info in archive:
                if info.isdir() or is_hidden(PurePosixPath(info.name)):
                    continue
                key = info.name.removeprefix("./")
                if key in found:
                    refuse_names([key, key], name)
                found[key] = _Member(info.offset_data, info.size, _reason(info, whole))
    except OSError as error:
        raise DataError(f"{name}: {error.strerror or reason_of(error)}") from error
    except (DataError, MemoryError):
        raise
    except Exception as error:  # tarfile.ReadError, ValueError, OverflowError, UnicodeDecodeError of damaged headers
        raise DataError(f"{name}: is no tar archive or a damaged one: {reason_of(error)}") from error
    return found


def _reason(info: tarfile.TarInfo, whole: int) -> str:
    if not info.isreg() or info.issparse():
        return "is a link or no plain file; links in archives are not followed"
    if info.size > MAX_MEMBER_BYTES:
        return f"has more than {MAX_MEMBER_BYTES // 2**20} MiB"
    if info.offset_data + info.size > whole:
        return "is cut off: the archive ends before it"
    return "" if info.size else "is empty"


def _unpacked(path: Path, name: str) -> Path:
    """Return a gzipped archive without the compression, unpacked once into the cache: it cannot be read in place."""
    packed = path.stat().st_size
    most = max(_ALWAYS_EXPANDED, _MOST_EXPANDED * packed)

    def write(append: Callable[[bytes], None]) -> None:
        size = 0
        try:
            with gzip.open(path) as file:
                while block := file.read(_BLOCK):
                    size += len(block)
                    if size > most:
                        raise DataError(
                            f"{name}: its {packed:,} bytes expand to more than {most:,}, as images do not; unpack it "
                            "yourself if you trust it, and use the folder"
                        )
                    append(block)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(f"{name}: is damaged or cut off: {reason_of(error)}") from error

    with path.open("rb") as file:
        file.seek(max(0, packed - _GZIP_SIZE.size))
        tail = file.read()
    stated = _GZIP_SIZE.unpack(tail)[0] if len(tail) == _GZIP_SIZE.size else 0
    return unpack_once(f"{path.resolve()}\0{file_fingerprint(path)}", min(stated, most), write)


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
