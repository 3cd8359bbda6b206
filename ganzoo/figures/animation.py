"""Animation: frames, made when they are asked for, and what was drawn in plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo._io.atomic import atomic_write
from ganzoo.contracts.component import PixelArray
from ganzoo.figures.result import write_sidecar
from ganzoo.plotting.video import film_bytes


@dataclass(frozen=True, repr=False)
class Animation:
    """Frames over time.

    Attributes:
        name: Which figure it is, such as `interpolate`.
        frames: Makes them each time it is called: uint8 `[H, W]` or `[H, W, 3]`, all of one size.
        count: How many.
        fps: How many in a second.
        facts: What is drawn, as plain data for the sidecar.
        summary: What it found, in a sentence for the terminal, or nothing.
    """

    name: str
    frames: Callable[[], Iterator[PixelArray]]
    count: int
    fps: int
    facts: Mapping[str, Any]
    summary: str = ""

    def write(self, path: str | Path) -> list[Path]:
        """Write `path` (.mp4, .webp or .gif) and beside it `<path>.json`; returns both.

        Raises:
            GanzooError: The name ends otherwise, or MP4 is asked for and its encoder is not installed.
        """
        path = Path(path)
        size: dict[str, int] = {}
        data = film_bytes(_measured(self.frames(), size), path.suffix, self.fps)
        atomic_write(path, data)
        return [path, write_sidecar(path, self.name, self.facts, frames=self.count, fps=self.fps, **size)]

    def __repr__(self) -> str:
        return f"<Animation '{self.name}': {self.count} frames, {self.fps} a second>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, bytes]:
        return {"image/gif": film_bytes(self.frames(), ".gif", self.fps)}


def _measured(frames: Iterator[PixelArray], size: dict[str, int]) -> Iterator[PixelArray]:
    """Pass frames on, and note their size in pixels."""
    for frame in frames:
        size["height"], size["width"] = frame.shape[:2]
        yield frame
