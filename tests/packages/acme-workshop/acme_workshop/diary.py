"""Diary: a run as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from ganzoo import AppendedFile, ComponentOptions, RunCallback, WatchedRun


class DiaryOptions(ComponentOptions):
    """What is written down."""

    losses: bool = Field(default=True, description="Also losses and other values on the way, not only scores.")


class Diary(RunCallback[DiaryOptions]):
    """Writes values, samples and scores of a run as lines of JSON."""

    name = "acme-diary"
    Options = DiaryOptions

    def __init__(self, options: DiaryOptions) -> None:
        super().__init__(options)
        self.file: AppendedFile | None = None

    def on_begin(self, run: WatchedRun) -> None:
        self.file = run.append_to("diary.jsonl")
        self._write(run.images_seen, "begin", {"run": run.name, "title": run.hyper_parameters.get("title", "")})

    def on_values(self, images_seen: int, values: Mapping[str, float]) -> None:
        if self.options.losses:
            self._write(images_seen, "values", dict(values))

    def on_samples(self, images_seen: int, grid: Path) -> None:
        self._write(images_seen, "samples", {"file": grid.name})

    def on_scores(self, images_seen: int, scores: Mapping[str, float]) -> None:
        self._write(images_seen, "scores", dict(scores))

    def on_end(self, status: str) -> None:
        if self.file is not None:
            self.file.append(json.dumps({"event": "end", "status": status}).encode() + b"\n")
            self.file.close()

    def _write(self, images_seen: int, event: str, content: Mapping[str, object]) -> None:
        if self.file is not None:
            line = {"images_seen": images_seen, "event": event, **content}
            self.file.append(json.dumps(line).encode() + b"\n")
