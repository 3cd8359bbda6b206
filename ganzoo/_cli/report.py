"""`ganzoo report`: the comparison of runs as one HTML file that can be mailed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

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


def report(
    runs: ComparedRuns = None,
    out: Annotated[Path, typer.Option(help="The file.", metavar="FILE.html")] = Path("report.html"),
    metric: RankingMetric = None,
    by: GroupedBy = None,
    where: Where = None,
    protocol: OfProtocol = None,
    equivalence: Equivalence = "1.3%",
    assumed_spread: AssumedSpread = "8%",
    looks: Looks = "",
    checkpoint: CountedCheckpoint = Checkpoint.LAST,
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
