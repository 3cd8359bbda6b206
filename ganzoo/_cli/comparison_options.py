"""Options of a comparison, which `compare` and `report` take alike."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ganzoo._cli.completion import run_folders


class Checkpoint(StrEnum):
    """Which network of a run counts."""

    LAST = "last"
    BEST = "best"


ComparedRuns = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Runs, recipes, or folders of runs; runs/ if none is given.",
        metavar="RUNS...",
        autocompletion=run_folders,
    ),
]
RankingMetric = Annotated[
    str | None,
    typer.Option("--metric", help="The metric that ranks, by key or label; else the first with enough images."),
]
GroupedBy = Annotated[
    str | None, typer.Option("--by", help="Group rows by this field, such as loss or training.batch_size.")
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        help="Only runs with field=value, such as dataset=oasis, or scores, such as scoring.generated=1000; "
        "may be repeated.",
    ),
]
OfProtocol = Annotated[
    str | None,
    typer.Option(
        "--protocol", metavar="ID", help="Only scores of this protocol, as tables print it, or how it begins."
    ),
]
Equivalence = Annotated[
    str,
    typer.Option("--equivalence", metavar="SHARE", help="Difference below which it does not matter which is better."),
]
AssumedSpread = Annotated[
    str, typer.Option("--assumed-spread", metavar="SHARE", help="Spread over trainings assumed of rows of one seed.")
]
Looks = Annotated[
    str,
    typer.Option("--looks", metavar="N,N,...", help="Numbers of seeds at which it was planned to look, such as 3,5,8."),
]
CountedCheckpoint = Annotated[
    Checkpoint,
    typer.Option("--checkpoint", help="Which network of each run counts: the last, or the best by selection scores."),
]
