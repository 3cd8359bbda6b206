"""TensorBoard event files, where the extra is installed; nothing in them says on which machine they were made."""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ganzoo._io.append_file import AppendFile

_FORMAT = "brain.Event:2"


class TensorBoardTracker:
    """Writes each value as a scalar over images seen. Lines after a resume replace what a crash left behind."""

    def __init__(self, folder: Path, images_seen: int) -> None:
        from tensorboard.compat.proto.event_pb2 import SessionLog
        from tensorboard.summary.writer.record_writer import RecordWriter

        # TensorBoard's own writer, which torch uses, puts the host's name into that of the file.
        self._file = AppendFile(_free_path(folder))
        self._writer = RecordWriter(_Appending(self._file))
        self._add(file_version=_FORMAT)
        # What was logged at `images_seen` itself belongs to the checkpoint that is gone on from.
        self._add(step=images_seen + 1, session_log=SessionLog(status=SessionLog.START))

    @staticmethod
    def installed() -> bool:
        """Whether the extra `tensorboard` is there."""
        return find_spec("tensorboard") is not None

    def log(self, images_seen: int, values: Mapping[str, float]) -> None:
        """See `Tracker.log`."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        scalars = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._add(step=images_seen, summary=Summary(value=scalars))

    def close(self) -> None:
        """Close the event file."""
        self._file.close()

    def _add(self, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._writer.write(Event(wall_time=time.time(), **content).SerializeToString())


class _Appending:
    """A file of ours as TensorBoard's writer of records wants one."""

    def __init__(self, file: AppendFile) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        self._file.append(data)


def _free_path(folder: Path) -> Path:
    """Return a new file's name; TensorBoard reads a folder's files in the order of their names."""
    second = int(time.time())
    while True:
        path = folder / f"events.out.tfevents.{second:010d}.ganzoo"
        if not path.exists():
            return path
        second += 1
