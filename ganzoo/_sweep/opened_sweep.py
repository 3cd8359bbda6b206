"""Opened sweep: a sweep file, or what is said in its place, with its rows, its cells and its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from ganzoo._registry.pinned import allows_changed_code
from ganzoo._registry.plugin_files import ENVIRONMENT, plugin_file_names
from ganzoo._runs.directory import check_new_run
from ganzoo._runs.sweep_mark import read_plan
from ganzoo._sweep.budget import with_budget
from ganzoo._sweep.cells import Cell, Variant, cells_of, variants_of
from ganzoo._sweep.plan import register
from ganzoo._sweep.sweep_file import SweepSettings, read_sweep, sweep_name, sweep_settings
from ganzoo._sweep.sweep_folder import SweepFolder
from ganzoo._sweep.work import Place
from ganzoo.errors import GanzooError

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class OpenedSweep:
    """A sweep, read and judged.

    Attributes:
        name: Of its folder.
        where: The file, for messages.
        text: What it says, as TOML.
        settings: The same, judged.
        variants: Its rows: recipes × settings.
        runs: Folder of its runs.
        folder: Its own, in `runs`.
        planned: Whether it is a plan to be held to: it is a file, or a table with a name.
    """

    name: str
    where: str
    text: str
    settings: SweepSettings
    variants: tuple[Variant, ...]
    runs: Path
    folder: SweepFolder
    planned: bool

    @property
    def cells(self) -> list[Cell]:
        """The cells that are certain from the start."""
        return cells_of(self.variants, self.settings.first_seeds)

    def register(self, jobs: int, amend: str = "") -> list[str]:
        """Write the plan down, or hold this one against it; return what people should know. Raises as `register`."""
        if not self.planned:
            return []
        threads = self.settings.threads or max(1, (os.cpu_count() or 1) // jobs)
        _, told = register(
            self.folder, self.text, self.settings, self.variants, where=self.where, threads=threads, amend=amend
        )
        return told

    def place(self, jobs: int, device: str, callbacks: Sequence[str] = ()) -> Place:
        """Return where the cells are computed. The number of threads decides bits, so that the plan fixes it."""
        plan = read_plan(self.folder.path) if self.planned else None
        threads = plan["threads"] if plan else self.settings.threads or max(1, (os.cpu_count() or 1) // jobs)
        environment = dict.fromkeys(THREAD_VARIABLES, str(threads))
        if files := plugin_file_names():
            environment[ENVIRONMENT] = os.pathsep.join(files)
        allowed = allows_changed_code()
        return Place(self.runs, self.folder, device, environment, self.planned, allowed, tuple(callbacks))


def open_sweep(source: str | Path | Mapping[str, Any], runs: Path, *, prefix: str = "") -> OpenedSweep:
    """Read a sweep and judge it as far as text alone tells.

    Args:
        source: A sweep file, or its content as a dictionary.
        runs: Folder of its runs.
        prefix: Of the names of its runs.

    Raises:
        RecipeError: It is not valid, or a recipe of it is not found.
        GanzooError: The runs cannot be written there, or none can be called so.
    """
    if isinstance(source, Mapping):
        settings = sweep_settings(source, "the sweep")
        where, text, folder = "the sweep", tomli_w.dumps(_plain(source)), Path()
        name, planned = settings.name or "sweep", bool(settings.name)
    else:
        path = Path(source)
        text, settings = read_sweep(path)
        where, folder, name, planned = str(path), path.parent, sweep_name(path, settings), True
    variants = with_budget(variants_of(settings, folder, prefix), settings.budget)
    for variant in variants:
        check_new_run(runs, variant.name, max(settings.seeds))
    return OpenedSweep(name, where, text, settings, tuple(variants), runs, SweepFolder.of(runs, name), planned)


def _plain(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dictionary from Python as TOML has it.

    Raises:
        GanzooError: It holds what TOML lacks.
    """
    plain = {key: list(value) if isinstance(value, tuple | range) else value for key, value in source.items()}
    try:
        tomli_w.dumps(plain)
    except TypeError as error:
        raise GanzooError(f"the sweep holds what TOML lacks: {error}") from error
    return plain
