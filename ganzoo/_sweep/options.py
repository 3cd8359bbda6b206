"""Options of a sweep: how it is computed, whatever is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from ganzoo._sweep.engine import Engine
from ganzoo._sweep.opened_sweep import OpenedSweep
from ganzoo._sweep.watch import Show
from ganzoo.contracts.reporter import Reporter

SweepSource = str | Path | Mapping[str, Any]
"""A sweep file, or its content. A dictionary with a `name` is a plan that is written down, as each file's is."""


class SweepOptions(TypedDict, total=False):
    """How a sweep is computed.

    Attributes:
        runs: Folder of its runs; `runs` if it is not given.
        jobs: Cells at a time; None: one per GPU, else one.
        device: Where to compute: auto, cpu, cuda.
        engine: What computes the cells: `processes` on this machine, `ray` or `slurm`; or what makes another engine.
        address: Of the Ray cluster, `10.0.0.1:6379`; `auto`: that of the Ray that runs on this machine.
        slurm_options: Options of sbatch for the engine `slurm`, such as `time=04:00:00`.
        worker: One of several processes that share the folder: it begins at a cell drawn by chance.
        retry_failed: Try cells again that failed before.
        amend: Reason for another plan than was written down before the first run.
        prefix: Begins the names of its runs.
        callbacks: Callbacks of each run, as `ganzoo run --callback` takes them; none of any plan or hash.
        show: Takes the state of all cells now and then.
        reporter: Takes messages; None: nothing is said, but a notebook shows the state in place.
    """

    runs: str | Path
    jobs: int | None
    device: str
    engine: str | Callable[[OpenedSweep], Engine]
    address: str
    slurm_options: Sequence[str]
    worker: bool
    retry_failed: bool
    amend: str
    prefix: str
    callbacks: Sequence[str]
    show: Show | None
    reporter: Reporter | None
