"""Folder order: folders that list what lies in them the other way round, as those of another file system may."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Backwards:
    """What `os.scandir` gives, the last first."""

    def __init__(self, found: Any) -> None:
        with found:
            self._left = list(found)

    def __iter__(self) -> _Backwards:
        return self

    def __next__(self) -> os.DirEntry[Any]:
        if not self._left:
            raise StopIteration
        entry: os.DirEntry[Any] = self._left.pop()
        return entry

    def __enter__(self) -> _Backwards:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget what was not asked for."""
        self._left.clear()


@contextmanager
def turned_folders() -> Iterator[None]:
    """Let `os.scandir`, `os.listdir` and what is built on them give names in the other order inside."""
    scandir: Any = os.scandir
    listdir: Any = os.listdir
    os.scandir = lambda *where: _Backwards(scandir(*where))  # type: ignore[assignment]
    os.listdir = lambda *where: listdir(*where)[::-1]
    try:
        yield
    finally:
        os.scandir, os.listdir = scandir, listdir
