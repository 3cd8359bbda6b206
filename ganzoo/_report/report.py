"""Report: one HTML file of runs, from their records alone; a notebook shows it inline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from ganzoo._io.atomic import atomic_write
from ganzoo._io.os_errors import shown
from ganzoo._leaderboard.comparison import Comparison
from ganzoo._leaderboard.gather import compare_runs, paths_of
from ganzoo._leaderboard.rules import RuleOptions
from ganzoo._report.page import report_html
from ganzoo._report.paper_figures import Axis, Kind, PaperFigure, paper_figures
from ganzoo.errors import GanzooError

SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, repr=False)
class Report:
    """A report.

    Attributes:
        comparison: What it shows.
        html: The whole page. It loads nothing: its own Content-Security-Policy forbids it.
    """

    comparison: Comparison
    html: str = field(compare=False)

    def write(self, path: str | Path) -> Path:
        """Write the page, whole or not at all, and return its path.

        Raises:
            GanzooError: The name does not end in .html, or it cannot be written there.
        """
        path = check_out(Path(path))
        atomic_write(path, self.html.encode("utf-8"))
        return path

    def figures(self, kind: Kind, *, over: Axis = "kimg", column: bool = False) -> list[PaperFigure]:
        """Return a chart of each table for a paper, which `write` writes as SVG or PDF.

        Args:
            kind: `ranks`: scores of all recipes, seeds as points; `learning-curves`: scores on the way with
                bands; `pareto`: scores against time.
            over: Horizontal axis of learning curves: `kimg`, `hours` or `updates`.
            column: Whether it is for one column of a paper, 95 mm wide; else 201 mm.

        Raises:
            GanzooError: No table has it.
        """
        return paper_figures(self.comparison, kind, over=over, column=column)

    def __repr__(self) -> str:
        return f"<Report: {len(self.comparison.tables)} tables, {len(self.html.encode('utf-8')) / 1e3:,.0f} kB>"

    def _repr_html_(self) -> str:
        page = escape(self.html, quote=True)
        return f'<iframe title="ganzoo report" srcdoc="{page}" width="100%" height="800" frameborder="0"></iframe>'


def report(
    runs: Any = "runs",
    out: str | Path | None = None,
    *,
    metric: str | None = None,
    by: str | None = None,
    where: Sequence[str] = (),
    protocol: str | None = None,
    **agreed: Unpack[RuleOptions],
) -> Report:
    """Make one HTML file that answers which recipe is better and how far to believe it. Needs no torch.

    Args:
        runs: Runs, folders of runs, or several of either. Each data set and protocol has a section of its own.
        out: File to write it to as well.
        metric: The metric that ranks; None: the first of the recipe that there are enough images for.
        by: Field by whose values rows are put in sections: `loss`, `training.batch_size`.
        where: Conditions such as `"dataset=oasis"`, or on scores, `"scoring.generated=1000"`.
        protocol: Only scores of the protocol whose hash begins so.
        agreed: `equivalence`, `assumed_spread`, `looks` and `checkpoint`, as `RuleOptions` explains.

    Raises:
        GanzooError: There are no runs, nothing meets a condition, a field or metric is unknown, or `out` cannot be
            written.
    """
    if out is not None:
        check_out(Path(out))
    comparison = compare_runs(
        paths_of(runs), metric=metric, by=by, where=where, protocol=protocol, together=False, **agreed
    )
    made = Report(comparison, report_html(comparison))
    if out is not None:
        made.write(out)
    return made


def check_out(path: Path) -> Path:
    """Return a path that a report may be written to.

    Raises:
        GanzooError: Its name does not end in .html, or it is a folder.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise GanzooError(f"{shown(path)}: a report is one HTML file; end its name in .html, such as report.html")
    if path.is_dir():
        raise GanzooError(f"{shown(path)} is a folder; name a file in it, such as {shown(path / 'report.html')}")
    return path
