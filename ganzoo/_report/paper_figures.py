"""Figures of a comparison for papers: the report's charts as files of their own, SVG or PDF, with what they show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ganzoo._io.atomic import atomic_write, write_json
from ganzoo._io.os_errors import shown
from ganzoo._leaderboard.captions import title
from ganzoo._leaderboard.export import plain_rows
from ganzoo._leaderboard.tables import Comparison
from ganzoo._report.courses import Logs
from ganzoo._report.figure import Chart
from ganzoo._report.section import Section, section_of
from ganzoo._report.series import SeriesOf
from ganzoo._version import __version__
from ganzoo.errors import GanzooError

Kind = Literal["ranks", "learning-curves", "pareto"]
Axis = Literal["kimg", "hours", "updates"]
SUFFIXES = (".svg", ".pdf")
_LACKING = {
    "ranks": "no row has the metric that ranks",
    "learning-curves": "the runs were scored at their ends alone, or do not say how long they took. ganzoo score "
    "RUNS --snapshots scores what they kept on the way",
    "pareto": "it takes two ranked recipes whose training time is known",
}


@dataclass(frozen=True, repr=False)
class PaperFigure:
    """A chart of one table.

    Attributes:
        kind: `ranks`, `learning-curves` or `pareto`.
        svg: The chart. Its text is text, in Helvetica or Arial, whichever a reader's machine has.
        title: What it shows.
        description: What is to be seen in it, for a caption.
        facts: Data set, protocol and rows, as plain data.
    """

    kind: str
    svg: str
    title: str
    description: str
    facts: dict[str, Any]

    def write(self, path: str | Path) -> list[Path]:
        """Write `path` (.svg or .pdf) and beside it `<path>.json`, which says what it shows; returns both.

        Raises:
            GanzooError: The name ends in neither, or what writes PDF is not installed.
        """
        path = check_out(Path(path))
        if path.suffix.lower() == ".pdf":
            from ganzoo.plotting.pdf import pdf

            data = pdf(self.svg, self.title)
        else:
            data = self.svg.encode("utf-8")
        atomic_write(path, data)
        sidecar = path.with_name(f"{path.name}.json")
        said = {"figure": self.kind, "file": path.name, "ganzoo": __version__}
        write_json(sidecar, {**said, "title": self.title, "description": self.description, **self.facts})
        return [path, sidecar]

    def __repr__(self) -> str:
        return f"<PaperFigure '{self.kind}': {self.title}>"

    def _repr_svg_(self) -> str:
        return self.svg


def paper_figures(
    comparison: Comparison, kind: Kind, *, over: Axis = "kimg", column: bool = False
) -> list[PaperFigure]:
    """Return a chart for each table of a comparison that has what it shows.

    Args:
        comparison: Its tables.
        kind: `ranks`: scores of all recipes, seeds as points; `learning-curves`: scores on the way with bands;
            `pareto`: scores against time.
        over: Horizontal axis of learning curves.
        column: Whether it is for one column of a paper, 95 mm wide; else 201 mm.

    Raises:
        GanzooError: No table has it.
    """
    series, logs = SeriesOf(comparison.tables), Logs(comparison.folders)
    rows = plain_rows(comparison)
    found = []
    for number, table in enumerate(comparison.tables, 1):
        section = section_of(table, number, logs, (), series)
        for chart in _charts(section, kind, over):
            mine = [row for row in rows if row["table"] == number]
            facts = {"table": title(table), "protocol": section.protocol, "notes": list(section.notes), "rows": mine}
            svg = chart.small if column else chart.wide
            found.append(PaperFigure(kind, svg, chart.title, chart.description, facts))
    if not found:
        raise GanzooError(f"there is nothing to draw as {kind}: {_LACKING[kind]}")
    return found


def check_out(path: Path) -> Path:
    """Return a path that a chart may be written to.

    Raises:
        GanzooError: Its name ends in neither .svg nor .pdf, or what writes PDF is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise GanzooError(f"{shown(path)}: charts are written as {' or '.join(SUFFIXES)}; end its name so")
    if path.suffix.lower() == ".pdf":
        from ganzoo.plotting.pdf import require_installed

        require_installed()
    return path


def _charts(section: Section, kind: Kind, over: Axis) -> Iterator[Chart]:
    if kind == "learning-curves":
        yield from (chart for chart in section.curves if chart.axis == over)
    elif (chart := section.ranks if kind == "ranks" else section.pareto) is not None:
        yield chart
