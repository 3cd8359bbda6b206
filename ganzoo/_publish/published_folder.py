"""Published folder: recognized, its runs found, every file of it verified. Knows no torch."""

from __future__ import annotations

from pathlib import Path

from ganzoo._io.os_errors import shown
from ganzoo._leaderboard.board import verify_board
from ganzoo._publish.checksums import SUMS, sum_problems
from ganzoo._publish.names import BOARD, GENERATOR, RUNS
from ganzoo._runs.directory import RunDirectory, find_runs
from ganzoo._runs.record import read_record
from ganzoo._runs.verify import verify_run
from ganzoo.errors import GanzooError, RunError
from ganzoo.text import literal


def is_published(path: Path) -> bool:
    """Whether a folder is one that `ganzoo publish` wrote."""
    return (path / SUMS).is_file() and (path / RUNS).is_dir()


def find_published(path: Path, depth: int = 3) -> list[Path]:
    """Return the published folders that a path is or holds, so deep, sorted; links are not followed."""
    if is_published(path):
        return [path]
    if depth == 0 or not path.is_dir():
        return []
    inside = (each for each in sorted(path.iterdir()) if each.is_dir() and not each.is_symlink())
    return [folder for each in inside if not each.name.startswith(".") for folder in find_published(each, depth - 1)]


def require_published(path: Path) -> None:
    """Raise GanzooError unless a folder is one that was published."""
    if not is_published(path):
        raise GanzooError(f"{shown(path)} is no published folder: it has no {SUMS} and {RUNS}/. Name one, or a run")


def published_runs(folder: Path) -> list[RunDirectory]:
    """Return the runs of a published folder, sorted by name."""
    return [RunDirectory(path) for path in find_runs([folder / RUNS])]


def generators_of(folder: Path) -> dict[str, Path]:
    """Return the file of each run's generator, by the run's name; runs that ended without one are left out.

    Raises:
        RunError: It cannot be told whose the generator at the top is.
    """
    runs = published_runs(folder)
    found = {run.name: run.path / GENERATOR for run in runs if (run.path / GENERATOR).is_file()}
    if (folder / GENERATOR).is_file():
        others = [run.name for run in runs if run.name not in found and read_record(run.record).status == "finished"]
        if len(others) != 1:
            raise RunError(
                f"{shown(folder / GENERATOR)}: it cannot be told whose it is ({', '.join(others) or 'none'})."
            )
        found = {others[0]: folder / GENERATOR, **found}
    return found


def verify_published(folder: Path) -> list[str]:
    """Return all that is wrong with a published folder, a sentence each; nothing if it is as it was published.

    Checked are all files against `SHA256SUMS`, each record and recipe against its own checksum, and the ranks of
    `BOARD.json` against the records: who edits a file and its checksum is found by these.
    """
    problems = list(sum_problems(folder))
    for run in published_runs(folder):
        problems += verify_run(run.path)
    if (folder / BOARD).is_file() and not problems:
        try:
            problems += verify_board(folder / BOARD, [folder / RUNS])
        except GanzooError as error:
            problems.append(literal(str(error)))
    return problems
