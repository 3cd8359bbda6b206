"""`ganzoo report`: the comparison of runs as one HTML file that can be mailed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ganzoo._cli.compare import Checkpoint
from ganzoo._cli.completion import run_folders


def report(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Runs, recipes, or folders of runs; runs/ if none is given.",
            metavar="RUNS...",
            autocompletion=run_folders,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The file.", metavar="FILE.html")] = Path("report.html"),
    metric: Annotated[
        str | None, typer.Option(help="The metric that ranks, by key or label; else the first with enough images.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Group rows by this field, such as loss or training.batch_size.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="Only runs with field=value, such as dataset=oasis; may be repeated.")
    ] = None,
    protocol: Annotated[str | None, typer.Option(metavar="ID", help="Only scores of this protocol.")] = None,
    equivalence: Annotated[
        str, typer.Option(metavar="SHARE", help="Difference below which it does not matter which is better.")
    ] = "1.3%",
    assumed_spread: Annotated[
        str, typer.Option(metavar="SHARE", help="Spread over trainings assumed of rows of one seed.")
    ] = "8%",
    looks: Annotated[
        str, typer.Option(metavar="N,N,...", help="Numbers of seeds at which it was planned to look, such as 3,5,8.")
    ] = "",
    checkpoint: Annotated[
        Checkpoint, typer.Option(help="Which network of each run counts: the last, or the best by selection scores.")
    ] = Checkpoint.LAST,
) -> None:
    """Write one HTML file that says which recipe is better, and how far to believe it.

    It needs no network and no other file: mail it, print it, open it anywhere. Each dataset and protocol has a section.
    """
    from ganzoo._leaderboard.rules import parse_looks, parse_share
    from ganzoo._report.report import report as make_report
    from ganzoo.text import literal

    made = make_report(
        runs or [Path("runs")],
        out,
        metric=metric,
        by=by,
        where=where or (),
        protocol=protocol,
        equivalence=parse_share(equivalence, "--equivalence"),
        assumed_spread=parse_share(assumed_spread, "--assumed-spread"),
        looks=parse_looks(looks) if looks else (),
        checkpoint=checkpoint.value,
    )
    size = len(made.html.encode("utf-8"))
    sys.stdout.write(
        f"wrote {literal(str(out))} ({size / 1e6:.1f} MB)\n" if size >= 1e5 else f"wrote {literal(str(out))}\n"
    )
