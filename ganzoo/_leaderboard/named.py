"""Named runs: what `ganzoo compare` was given, as run folders; a recipe's name stands for all its runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganzoo._io.os_errors import shown
from ganzoo._runs.directory import find_runs, is_run
from ganzoo._runs.experiment import without_seed
from ganzoo.errors import GanzooError

_FOLDER = Path("runs")


def runs_of_names(paths: Sequence[Path]) -> list[list[Path]]:
    """Return the runs that each path is or contains, or that are of the recipe that it names.

    A recipe is named as its runs are, `dcgan_oasis_logistic` or `elsewhere/dcgan_oasis_logistic`, or by its file; its
    runs are looked for in the folder that is given, else in `runs`.

    Raises:
        GanzooError: Nothing is there, neither a folder nor a run of such a recipe.
    """
    return [_of_recipe(path) or find_runs([path]) for path in paths]


def names_one(path: Path) -> bool:
    """Whether a path names one run, or one recipe, and not a folder of runs."""
    return is_run(path) or not path.is_dir()


def two_named(paths: Sequence[Path]) -> tuple[str, str] | None:
    """Return the names of two recipes or runs, if that is what the paths name."""
    if len(paths) != 2 or not all(map(names_one, paths)):
        return None
    one, other = (path.stem if path.suffix == ".toml" else path.resolve().name for path in paths)
    return one, other


def _of_recipe(path: Path) -> list[Path]:
    """Return the runs of the recipe that a path names, sorted; nothing where it is a folder."""
    is_file = path.suffix == ".toml"
    if path.is_dir() or (path.exists() and not is_file):
        return []
    folder = _FOLDER if is_file or path.parent == Path() else path.parent
    name = path.stem if is_file else path.name
    found = [run for run in find_runs([folder]) if without_seed(run.name) == name] if folder.is_dir() else []
    if not found:
        raise GanzooError(
            f"there is nothing at {shown(path)}, and {shown(folder)} has no run of a recipe '{name:.100}'. Name runs, "
            f"recipes, or a folder of runs."
        )
    return found
