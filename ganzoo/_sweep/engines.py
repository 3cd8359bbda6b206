"""Engines by name: processes on this machine, tasks of a Ray cluster, jobs of Slurm."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ganzoo._io.atomic import make_folder
from ganzoo._sweep.engine import Engine
from ganzoo._sweep.looks import cells_so_far
from ganzoo._sweep.opened_sweep import OpenedSweep, open_sweep
from ganzoo._sweep.options import SweepOptions, SweepSource
from ganzoo._sweep.preflight import check_callbacks, check_recipes
from ganzoo._sweep.processes import Processes, visible_gpus
from ganzoo._sweep.same_code import require_same_code
from ganzoo._sweep.slurm_script import slurm_options, slurm_script
from ganzoo._sweep.work import Place
from ganzoo.errors import GanzooError

_QUEUED = 1000
"""Jobs of Slurm at a time where it is not said: what clusters commonly let one user queue."""


def cells_at_a_time(settings: SweepOptions) -> int:
    """Return how many cells this machine computes at a time, by which its cores are shared out.

    Raises:
        GanzooError: Less than one is asked for, or no such engine.
    """
    jobs, engine = settings.get("jobs"), settings.get("engine", "processes")
    if jobs is not None and jobs < 1:
        raise GanzooError(f"jobs = {jobs}: at least one cell is computed at a time")
    if callable(engine):
        return jobs or 1
    if engine not in ("processes", "ray", "slurm"):
        raise GanzooError(f"there is no engine '{engine}': processes, ray or slurm")
    if engine != "processes":  # other machines compute; what cores they have is not known here
        return os.cpu_count() or 1
    return jobs or max(1, len(_gpus(settings)))


def engine_of(opened: OpenedSweep, place: Place, settings: SweepOptions) -> Engine:
    """Return the engine that the settings name, made ready. Raises GanzooError where it cannot be."""
    wanted = settings.get("engine", "processes")
    if callable(wanted):
        return wanted(opened)
    match wanted:
        case "ray":
            from ganzoo._sweep.ray_tasks import RayTasks

            gpus = False if settings.get("device", "auto") == "cpu" else None
            return RayTasks(settings.get("address", "auto"), place.threads, gpus=gpus)
        case "slurm":
            from ganzoo._sweep.slurm_jobs import SlurmJobs

            options, jobs = slurm_options(settings.get("slurm_options", ())), settings.get("jobs") or _QUEUED
            return SlurmJobs(opened.folder.path / "jobs", place.threads, jobs, opened.name, options)
    return Processes(cells_at_a_time(settings), _gpus(settings))


def _gpus(settings: SweepOptions) -> list[str]:
    return visible_gpus() if settings.get("device", "auto") in ("auto", "cuda") else []


def script_of(
    source: SweepSource,
    runs: Path,
    *,
    device: str,
    amend: str,
    options: Sequence[str],
    tell: Callable[[str], None],
    callbacks: Sequence[str] = (),
) -> str:
    """Return a sweep as an array script for Slurm, its plan written down: `ganzoo sweep FILE --slurm`.

    Args:
        source: A sweep file, or its content.
        runs: Folder of its runs.
        device: As `ganzoo run --device`.
        amend: Reason for another plan than before.
        options: Of sbatch, `time=04:00:00` and the like.
        tell: Takes messages.
        callbacks: Of each run.
    """
    check_callbacks(callbacks)
    found, opened = slurm_options(options), open_sweep(source, runs)
    for warning in check_recipes(opened.variants):
        tell(warning)
    require_same_code(cells_so_far(opened), opened.runs, opened.where)
    jobs = cells_at_a_time({"engine": "slurm"})
    for line in opened.register(jobs, amend):
        tell(line)
    place = opened.place(jobs, device, callbacks)
    make_folder(place.folder.path / "logs")  # Slurm makes no folder for what a job prints
    left = [cell for cell in cells_so_far(opened) if place.state(cell).status != "done"]
    return slurm_script(left, place, opened.name, options=found)
