"""Figure result: what is seen, and in plain data what was drawn. Shown inline by notebooks, written as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo._io.atomic import atomic_write, write_json
from ganzoo.contracts.figures import PICTURES
from ganzoo.errors import GanzooError
from ganzoo.plotting.canvas import Canvas


@dataclass(frozen=True, repr=False)
class FigureResult:
    """A picture and its facts.

    Attributes:
        name: Which figure it is, such as `grid`.
        canvas: What is seen.
        facts: What was drawn (run, hash of the weights, seeds, truncation, ...), as plain data for the sidecar.
        summary: What it found, in a sentence for the terminal, or nothing.
    """

    name: str
    canvas: Canvas
    facts: Mapping[str, Any]
    summary: str = ""

    def write(self, path: str | Path) -> list[Path]:
        """Write `path` (.png, .svg or .pdf) and beside it `<path>.json`, which says what was drawn; returns both.

        Raises:
            GanzooError: The name ends in none of them, or what writes PDF is not installed.
        """
        path = Path(path)
        if path.suffix.lower() not in PICTURES:
            raise GanzooError(f"'{path}': figure '{self.name}' is written as {' or '.join(PICTURES)}; end its name so")
        atomic_write(path, self._bytes(path.suffix.lower()))
        return [path, write_sidecar(path, self.name, self.facts, width=self.canvas.width, height=self.canvas.height)]

    def _bytes(self, suffix: str) -> bytes:
        if suffix == ".pdf":
            from ganzoo.plotting.pdf import pdf

            return pdf(self.canvas.svg(), self.name)
        return self.canvas.svg() if suffix == ".svg" else self.canvas.png()

    def __repr__(self) -> str:
        return f"<FigureResult '{self.name}': {self.canvas.width} x {self.canvas.height} pixels>"

    def _repr_png_(self) -> bytes:
        return self.canvas.png()


def write_sidecar(path: Path, name: str, facts: Mapping[str, Any], **size: Any) -> Path:
    """Write beside a file what it shows, under its name and `.json`; returns that path."""
    from ganzoo._registry.figures import FigureCatalog
    from ganzoo._version import __version__

    sidecar = path.with_name(f"{path.name}.json")
    others = FigureCatalog.discover().versions_of(name)
    made = {"figure": name, "file": path.name, "ganzoo": __version__, **({"plugins": others} if others else {})}
    write_json(sidecar, {**made, **size, **facts})
    return sidecar
