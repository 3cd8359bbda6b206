"""`ganzoo compare`: ranked tables of what may be compared."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo._cli.comparison_figure import ComparisonFigure, Drawn, Over
from ganzoo._cli.comparison_options import (
    AssumedSpread,
    Checkpoint,
    ComparedRuns,
    CountedCheckpoint,
    Equivalence,
    GroupedBy,
    Looks,
    OfProtocol,
    RankingMetric,
    Where,
)
from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from rich.console import Console

    from ganzoo._leaderboard import tables
    from ganzoo._leaderboard.comparison import Comparison


class Format(StrEnum):
    """How a comparison is written."""

    RICH = "rich"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"
    HTML = "html"
    TOML = "toml"


_NOT_A_TERMINAL_WIDTH = 160
_ELSEWHERE = {
    Format.JSON: "--format json has all values by class without it",
    Format.HTML: "--format html shows them without it",
    Format.TOML: "--format toml is of plans alone",
}


def compare(
    runs: ComparedRuns = None,
    format: Annotated[Format, typer.Option(help="How to write the tables.")] = Format.RICH,
    metric: RankingMetric = None,
    by: GroupedBy = None,
    where: Where = None,
    protocol: OfProtocol = None,
    equivalence: Equivalence = "1.3%",
    assumed_spread: AssumedSpread = "8%",
    looks: Looks = "",
    checkpoint: CountedCheckpoint = Checkpoint.LAST,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also draw the comparison: an SVG or a PDF, of samples a PNG too."),
    ] = None,
    draw: Annotated[
        Drawn | None, typer.Option(help="What --figure shows. [default: samples of two recipes, ranks of more]")
    ] = None,
    over: Annotated[Over, typer.Option(help="Horizontal axis of --draw learning-curves.")] = Over.KIMG,
    column: Annotated[
        bool, typer.Option("--column", help="As wide as one column of a paper, 95 mm; else 201 mm.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say how many more seeds would settle open pairs, and the lines to run.")
    ] = False,
    classes: Annotated[
        bool,
        typer.Option("--classes", help="Show values by class alone, of every class; of csv a line per class and row."),
    ] = False,
) -> None:
    """Rank runs by their scores.

    One table per dataset and protocol; seeds of one recipe are one row, as mean ± sd.

    Runs or recipes named one by one are to be ranked together: refused (exit code 3) if their scores do not mean the
    same. Two of them are shown on a page: in which keys they differ, their scores by seed, what each cost. HTML is the
    page that `ganzoo report` writes.
    """
    from ganzoo import api
    from ganzoo._leaderboard.rules import parse_looks, parse_share

    drawing = ComparisonFigure.asked(figure, draw, over, column, runs or [])
    comparison = api.compare(
        runs or [Path("runs")],
        metric=metric,
        by=by,
        where=where or (),
        protocol=protocol,
        equivalence=parse_share(equivalence, "--equivalence"),
        assumed_spread=parse_share(assumed_spread, "--assumed-spread"),
        looks=parse_looks(looks) if looks else (),
        checkpoint=checkpoint.value,
    )
    if drawing:
        drawing.write(comparison)
    if plan and classes:
        raise GanzooError("--plan and --classes are each shown in place of the tables: leave one of them out")
    if plan:
        _print_plan(comparison, format, runs or [Path("runs")])
        return
    if classes:
        _show_classes(comparison, format)
        return
    if format is Format.TOML:
        raise GanzooError("--format toml writes a plan as a sweep file: add --plan")
    if runs and format in (Format.RICH, Format.MARKDOWN) and _show_two(comparison, runs, format):
        return
    if format is Format.RICH:
        print_table(comparison)
        return
    sys.stdout.write(_written(comparison, format))


def _show_classes(comparison: Comparison, format: Format) -> None:
    """Write values by class in place of the tables.

    Raises:
        GanzooError: The format has no form for them alone.
    """
    from ganzoo._leaderboard.class_render import print_all_classes

    if format is Format.RICH:
        print_all_classes(comparison, _console())
    elif format is Format.MARKDOWN:
        sys.stdout.write(comparison.to_markdown(classes=True))
    elif format is Format.CSV:
        sys.stdout.write(comparison.to_csv(classes=True))
    else:
        raise GanzooError(f"--classes is written as text, or with --format markdown or csv; {_ELSEWHERE[format]}")


def _written(comparison: Comparison, format: Format) -> str:
    if format is Format.HTML:
        from ganzoo._report.page import report_html

        return report_html(comparison)
    writers = {Format.MARKDOWN: comparison.to_markdown, Format.CSV: comparison.to_csv, Format.JSON: comparison.to_json}
    return writers[format]()


def _show_two(comparison: Comparison, runs: list[Path], format: Format) -> bool:
    """Show the page of two recipes if that is what was named, and return whether there is one."""
    from ganzoo._leaderboard.named import two_named

    names = two_named(runs)
    if names is None or not comparison.tables:
        return False
    try:
        page = comparison.between(*names)
    except GanzooError as error:  # two seeds of one recipe, or one is not scored: the table tells more
        sys.stderr.write(f"no page of two recipes: {error}\n")
        return False
    if format is Format.MARKDOWN:
        sys.stdout.write(page.to_markdown())
    else:
        page.print(_console())
    return True


def _print_plan(comparison: Comparison, format: Format, paths: list[Path]) -> None:
    """Print the plan in place of the tables.

    Raises:
        GanzooError: The format has no form for it.
    """
    import json
    from dataclasses import asdict

    from ganzoo._leaderboard.plan_sweep import plan_sweep
    from ganzoo._leaderboard.plan_text import plan_text
    from ganzoo.text import literal

    if format is Format.JSON:
        sys.stdout.write(json.dumps([asdict(pair) for pair in comparison.plan()], indent=1) + "\n")
    elif format is Format.TOML:
        sys.stdout.write(plan_sweep(comparison))
    elif format is Format.RICH:
        sys.stdout.write("\n".join(map(literal, plan_text(comparison, paths))).rstrip() + "\n")
    else:
        raise GanzooError(f"--plan is written as text, or with --format json or toml, not as {format}")


def print_table(comparison: tables.Comparison) -> None:
    """Print a comparison as wide as the terminal is."""
    from ganzoo._leaderboard.render import print_rich

    print_rich(comparison, _console())


def _console() -> Console:
    import os

    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _NOT_A_TERMINAL_WIDTH
    return console
