"""`ganzoo verify`: the checksums of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def verify(
    runs: Annotated[list[Path], typer.Argument(help="Runs, or folders of runs.", metavar="RUNS...")],
) -> None:
    """Check all checksums of runs.

    Records, recipes, checkpoints, snapshots, metrics and samples are checked.

    Exits with 1 and a line for each damaged file, or says that all is intact.
    """
    from ganzoo import api
    from ganzoo._io.os_errors import shown
    from ganzoo._runs.directory import find_runs
    from ganzoo.errors import GanzooError, RunError

    found = find_runs(runs)
    if not found:
        raise GanzooError(f"there are no runs in {', '.join(map(shown, runs))}.")
    problems = []
    for path in found:
        problems_here = api.verify(path)
        problems += problems_here
        if not problems_here:
            typer.echo(f"{shown(path)}: intact")
    if problems:
        raise RunError("\n".join(problems))
