"""Append-only file: each addition is in it wholly, or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ganzoo._io.atomic import make_folder, open_copy, write_all
from ganzoo._io.os_errors import writing
from ganzoo._io.regular_file import open_regular
from ganzoo._io.staging import staging_of


class AppendFile:
    """A file that only grows: each addition is in it wholly, or was refused and is not in it at all.

    A kill may still leave a torn end, which readers of lines ignore and `truncate` removes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        make_folder(path.parent)
        self._staging = staging_of(path)
        with writing(path):
            # An owner by lease writes to a file of its own: one that it opened before it was paused is no longer this.
            staged = self._staging is not None
            self._descriptor = open_copy(path) if staged else open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        self.offset = os.fstat(self._descriptor).st_size

    def append(self, data: bytes) -> None:
        """Add `data` at the end; a full disk raises RunError and leaves the file as it was.

        Raises TakenOverError where another process is known to have taken over the run.
        """
        if self._staging is not None and self._staging.lost:
            raise self._staging.taken_over()
        with writing(self.path, len(data)):
            try:
                write_all(self._descriptor, data)
            except BaseException:
                with suppress(OSError):
                    os.ftruncate(self._descriptor, self.offset)
                raise
        self.offset += len(data)

    def truncate(self, offset: int) -> None:
        """Cut the file to its first `offset` bytes."""
        with writing(self.path):
            os.ftruncate(self._descriptor, offset)
            os.fsync(self._descriptor)
        self.offset = offset

    def sync(self) -> None:
        """Force what was added to the disk."""
        with writing(self.path):
            os.fsync(self._descriptor)

    def fileno(self) -> int:
        """Return its descriptor, for a process that writes into it."""
        return self._descriptor

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
