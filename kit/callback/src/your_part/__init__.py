"""A callback that writes losses and scores as CSV, for spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from ganzoo import AppendedFile, ComponentOptions, RunCallback, WatchedRun, hookimpl

requires_ganzoo_api = 2


class YourPartOptions(ComponentOptions):
    """Where to."""

    file: str = Field(default="values.csv", pattern=r"^[\w-]+\.csv$", description="Name of the file, in `callbacks`.")


class YourPart(RunCallback[YourPartOptions]):
    """Writes a line for each value: images seen, name, value."""

    name = "your-part"
    Options = YourPartOptions

    def __init__(self, options: YourPartOptions) -> None:
        super().__init__(options)
        self._file: AppendedFile | None = None

    def on_begin(self, run: WatchedRun) -> None:
        self._file = run.append_to(self.options.file)
        if run.images_seen == 0:  # else the run goes on, and the heading is there
            self._file.append(b"images,name,value\n")

    def on_values(self, images_seen: int, values: Mapping[str, float]) -> None:
        self._write(images_seen, values)

    def on_scores(self, images_seen: int, scores: Mapping[str, float]) -> None:
        self._write(images_seen, scores)

    def on_end(self, status: str) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, images_seen: int, values: Mapping[str, float]) -> None:
        if self._file is not None:
            lines = (f"{images_seen},{name},{value}\n" for name, value in values.items())
            self._file.append("".join(lines).encode())


@hookimpl
def ganzoo_callbacks() -> list[type[RunCallback]]:
    return [YourPart]
