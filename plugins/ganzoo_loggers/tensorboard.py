"""TensorBoard event files; nothing in them says on which machine they were made."""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from ganzoo import AppendedFile, RunCallback, WatchedRun
from ganzoo_loggers.plain import flat

_FORMAT = "brain.Event:2"


class TensorBoard(RunCallback):
    """Event files in the run's own folder: scalars, grids of samples, hyper-parameters, final scores.

    Every run has it where the package is installed. Values after a resume replace what a crash left behind.
    """

    name = "tensorboard"
    default_place: ClassVar[int | None] = 1

    _file: AppendedFile | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        if find_spec("tensorboard") is not None:
            return None
        return 'needs the package tensorboard: pip install "ganzoo-toolkit[tensorboard]"'

    def on_begin(self, run: WatchedRun) -> None:
        self._run = run
        if run.images_seen < run.total_images:
            self._open()

    def _open(self) -> None:
        from tensorboard.compat.proto.event_pb2 import SessionLog
        from tensorboard.summary.writer.record_writer import RecordWriter

        # TensorBoard's own writer, which torch uses, puts the host's name into that of the file.
        self._file = self._run.append_to(f"tensorboard/{_free_name(self._run.folder / 'tensorboard')}")
        self._writer = RecordWriter(_Appending(self._file))
        self._add(file_version=_FORMAT)
        # What was logged at `images_seen` itself belongs to the checkpoint that is gone on from.
        self._add(step=self._run.images_seen + 1, session_log=SessionLog(status=SessionLog.START))
        self._add(summary=_text("recipe", flat(self._run.hyper_parameters)))

    def on_values(self, images_seen: int, values: Mapping[str, float]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        if self._file is None:
            self._open()
        scalars = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._add(step=images_seen, summary=Summary(value=scalars))

    def on_samples(self, images_seen: int, grid: Path) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        if self._file is None:
            self._open()
        content = grid.read_bytes()
        # A PNG's header: width and height, four bytes each from the sixteenth on.
        width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
        image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=content)
        self._add(step=images_seen, summary=Summary(value=[Summary.Value(tag="samples", image=image)]))

    def on_scores(self, images_seen: int, scores: Mapping[str, float]) -> None:
        self.on_values(images_seen, {f"score/{name}": value for name, value in scores.items()})

    def on_end(self, status: str) -> None:
        if self._file is not None:
            self._file.close()

    def _add(self, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._writer.write(Event(wall_time=time.time(), **content).SerializeToString())


class _Appending:
    """A file of ours as TensorBoard's writer of records wants one."""

    def __init__(self, file: AppendedFile) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        self._file.append(data)


def _text(tag: str, table: Mapping[str, Any]) -> Any:
    """Return a summary that TensorBoard's page of texts shows: a table in Markdown."""
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING

    rows = "\n".join(f"| {key} | {value} |" for key, value in table.items())
    text = f"| key | value |\n|---|---|\n{rows}".encode()
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    plugin = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    tensor = TensorProto(dtype=DT_STRING, string_val=[text], tensor_shape=shape)
    return Summary(value=[Summary.Value(tag=tag, metadata=plugin, tensor=tensor)])


def _free_name(folder: Path) -> str:
    """Return a new file's name; TensorBoard reads a folder's files in the order of their names."""
    second = int(time.time())
    while (folder / f"events.out.tfevents.{second:010d}.ganzoo").exists():
        second += 1
    return f"events.out.tfevents.{second:010d}.ganzoo"
