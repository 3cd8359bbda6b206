"""Choice of what is published: runs that ended, the generator at the top, what is left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo._inference.run import Run
from ganzoo._io.os_errors import shown
from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._leaderboard.named import runs_of_names
from ganzoo._publish.shared_run import scored_last
from ganzoo._registry.registry import Registry
from ganzoo._runs.directory import check_name
from ganzoo.errors import GanzooError, RefusedError
from ganzoo.text import literal


@dataclass(frozen=True)
class Choice:
    """What is published.

    Attributes:
        main: The run whose generator lies at the top of the folder.
        runs: All runs, `main` first.
        with_generator: Those of them whose generators are in the folder.
        left_out: Runs that are not published, with the reason.
    """

    main: Run
    runs: tuple[Run, ...]
    with_generator: tuple[Run, ...]
    left_out: tuple[str, ...]


def chosen_runs(paths: Sequence[Path], main: str | None, registry: Registry) -> Choice:
    """Return what of the runs that `paths` are, hold or name is published.

    At the top is the run that is asked for; else the first seed, not the best, of the row that ranks first.

    Raises:
        RefusedError: A run was imported, or none has ended with a score.
        GanzooError: There are no runs, two have one name, or `main` is none of them.
    """
    found = list({path.resolve(): path for several in runs_of_names(paths) for path in several}.values())
    if not found:
        raise GanzooError(f"there are no runs in {', '.join(map(shown, paths))}. `ganzoo run quickstart` makes one.")
    opened = [Run(path, registry=registry) for path in found]
    _require_own(opened)
    scored = [run for run in opened if run.record.status == "finished" and scored_last(run.record)]
    # A seed that diverged is an outcome of its recipe: without it a mean would flatter.
    ended = [run for run in opened if run in scored or run.record.status == "diverged"]
    left_out = tuple(f"{run.name} ({_why(run)})" for run in opened if run not in ended)
    if not scored:
        states = "; ".join(f"{literal(run.name)} {_why(run)}" for run in opened[:5])
        raise RefusedError(
            f"no run has ended with a score, so there is nothing to publish: {states}. `ganzoo resume RUN` ends one, "
            f"`ganzoo score RUN` scores one"
        )
    first = _named(scored, main) if main else _ranked_first(scored)
    rest = [run for run in ended if run is not first]
    return Choice(first, (first, *rest), (first, *(run for run in scored if run is not first)), left_out)


def _require_own(runs: Sequence[Run]) -> None:
    names: dict[str, Path] = {}
    for run in runs:
        check_name(run.name)  # it names a folder elsewhere, and stands in lines that people paste
        check_name(run.name)  # it stands in the folder, and in lines that people paste
        if run.was_imported:
            raise RefusedError(
                f"{shown(run.path)} was imported: its weights are for their makers to publish. Publish runs that were "
                f"trained here"
            )
        if run.name in names:
            raise GanzooError(
                f"two runs are called {run.name}: {shown(names[run.name])} and {shown(run.path)}. Publish them in two "
                f"folders, or rename one's folder"
            )
        names[run.name] = run.path


def _why(run: Run) -> str:
    status = run.record.status
    return "is finished and not scored" if status == "finished" else f"is {status}"


def _named(runs: Sequence[Run], name: str) -> Run:
    for run in runs:
        if run.name == name:
            return run
    raise GanzooError(
        f"no finished, scored run is called '{literal(name)}'; there are {', '.join(run.name for run in runs)}"
    )


def _ranked_first(runs: Sequence[Run]) -> Run:
    by_name = {run.name: run for run in runs}
    tables = leaderboards([run.record for run in runs]).tables
    ranked = (name for table in tables for row in table.rows if row.rank for name in row.runs)
    return next((by_name[name] for name in ranked if name in by_name), runs[0])
