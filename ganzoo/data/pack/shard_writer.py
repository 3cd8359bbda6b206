"""Shard writer: the images of a pack, one after another, into the files of each resolution."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from ganzoo._io.atomic import writing
from ganzoo.contracts.component import PixelArray
from ganzoo.data.pack.area_average import pyramid
from ganzoo.data.pack.manifest import FileMark
from ganzoo.data.pack.storage import Level, encode, footer

_THREADS = 2  # deflating lets go of Python's lock


class ShardWriter:
    """Takes images in the order of the pack and writes all levels. By plain writes: a full disk is an error then.

    Attributes:
        marks: Size and SHA-256 of each finished file, by name.
    """

    def __init__(self, folder: Path, levels: Iterable[Level]) -> None:
        self.marks: dict[str, FileMark] = {}
        self._stack = ExitStack()
        self._pool = self._stack.enter_context(ThreadPoolExecutor(_THREADS))
        self._levels = [_LevelFile(folder, level, self._pool, self.marks) for level in levels]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for level in self._levels:
            level.close()
        self._stack.close()

    def add(self, images: PixelArray) -> None:
        """Write images `[n, C, R, R]` of the full resolution, and their pyramid where lower levels are kept."""
        self._levels[0].add(images)
        for level, lower in zip(self._levels[1:], pyramid(images), strict=False):
            level.add(lower)


class _LevelFile:
    """The files of one level, written one after another."""

    def __init__(self, folder: Path, level: Level, pool: ThreadPoolExecutor, marks: dict[str, FileMark]) -> None:
        self._folder, self._level, self._pool, self._marks = folder, level, pool, marks
        self._shard = -1
        self._left = 0
        self._file: IO[bytes] | None = None

    def add(self, images: PixelArray) -> None:
        while len(images):
            if not self._left:
                self._next()
            part, images = images[: self._left], images[self._left :]
            if self._level.storage == "raw":
                self._write(np.ascontiguousarray(part).tobytes())
            else:
                for blob in self._pool.map(encode, part):
                    self._sizes.append(len(blob))
                    self._write(blob)
            self._left -= len(part)
            if not self._left:
                self._finish()

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _next(self) -> None:
        self._shard += 1
        self._left = self._level.size_of(self._shard)
        self._path = self._folder / self._level.file(self._shard)
        self._digest, self._size, self._sizes = hashlib.sha256(), 0, list[int]()
        self._file = self._path.open("xb")
        if self._level.storage == "raw":
            shape = (self._left, *self._level.shape)
            np.lib.format.write_array_header_1_0(_Into(self._write), _header(shape))

    def _finish(self) -> None:
        if self._level.storage == "deflate":
            self._write(footer(self._sizes))
        assert self._file is not None, "opened by _next"
        with writing(self._path):
            self._file.close()
        self._marks[self._path.name] = FileMark(size=self._size, sha256=self._digest.hexdigest())

    def _write(self, data: bytes) -> None:
        assert self._file is not None, "opened by _next"
        with writing(self._path, len(data)):
            self._file.write(data)
        self._digest.update(data)
        self._size += len(data)


class _Into:
    """Something to write to, for NumPy's header."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write


def _header(shape: tuple[int, ...]) -> dict[str, object]:
    return {"descr": "|u1", "fortran_order": False, "shape": shape}
