"""Sweep: every cell computed, by whichever engine, and compared."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from typing_extensions import Unpack

from ganzoo._leaderboard.comparison import Comparison
from ganzoo._sweep.cells import Cell
from ganzoo._sweep.engine import Engine
from ganzoo._sweep.engines import cells_at_a_time, engine_of
from ganzoo._sweep.inline import inline_show
from ganzoo._sweep.looks import cells_so_far, compared, stages
from ganzoo._sweep.opened_sweep import OpenedSweep, open_sweep
from ganzoo._sweep.options import SweepOptions, SweepSource
from ganzoo._sweep.preflight import check_callbacks, check_recipes
from ganzoo._sweep.same_code import require_same_code
from ganzoo._sweep.status import SweepStatus, status_of
from ganzoo._sweep.stopping import Stops, counting_stops
from ganzoo._sweep.watch import Watch
from ganzoo._sweep.work import Place, Work
from ganzoo.contracts.reporter import SILENT
from ganzoo.errors import RunStopped


@dataclass(frozen=True)
class SweepResult:
    """What a sweep came to.

    Attributes:
        status: Where its cells stand.
        comparison: Its runs in ranked tables; None where none is there.
        failed: Names of the cells that failed, and why.
    """

    status: SweepStatus
    comparison: Comparison | None
    failed: dict[str, str]

    def __str__(self) -> str:
        told = [f"{name} failed: {reason}" for name, reason in self.failed.items()]
        return "\n".join([*map(str, filter(None, [self.comparison])), *told])

    def __repr__(self) -> str:
        return f"<SweepResult: {', '.join(f'{count} {status}' for status, count in self.status.counts.items())}>"

    def _repr_html_(self) -> str:
        table = self.comparison._repr_html_() if self.comparison else ""
        return table + "".join(f"<p>{escape(f'{name} failed: {reason}')}</p>" for name, reason in self.failed.items())


def compute_sweep(source: SweepSource, **settings: Unpack[SweepOptions]) -> SweepResult:
    """Compute every cell that is not done yet, and compare the runs: `ganzoo.sweep`, which explains it."""
    reporter, show = settings.get("reporter"), settings.get("show")
    if reporter is None and show is None:
        show = inline_show()
    told, device, worker = reporter or SILENT, settings.get("device", "auto"), settings.get("worker", False)
    jobs, amend = cells_at_a_time(settings), settings.get("amend", "")
    check_callbacks(callbacks := settings.get("callbacks", ()))
    opened = open_sweep(source, Path(settings.get("runs", "runs")), prefix=settings.get("prefix", ""))
    if amend or not opened.folder.plan.exists():  # who comes by later finds recipes that were judged
        here = settings.get("engine", "processes") == "processes"
        for warning in check_recipes(opened.variants, device if here else ""):
            told.warning(warning)
    require_same_code(cells_so_far(opened), opened.runs, opened.where)
    for line in opened.register(jobs, amend):
        told.info(line)
    place = opened.place(jobs, device, callbacks)
    engine = engine_of(opened, place, settings)
    try:
        with counting_stops() as stops:
            job = _Job(opened, engine, place, Watch(place, told, show), stops)
            job.compute(shuffled=worker, retry_failed=settings.get("retry_failed", False))
    finally:
        engine.close()
    if stops.count:
        raise RunStopped(f"stopped by {stops.by}, each cell at a checkpoint; the same command goes on")
    return result_of(opened, place)


@dataclass(frozen=True)
class _Job:
    """A sweep that is being computed."""

    opened: OpenedSweep
    engine: Engine
    place: Place
    watch: Watch
    stops: Stops

    def compute(self, *, shuffled: bool, retry_failed: bool) -> None:
        """Compute stage by stage: with looks, those of one wait until the look before."""
        for cells, found in stages(self.opened):
            for line in found:
                self.watch.tell(line)
            self.watch.plan(cells)
            ordered = _shuffled(cells) if shuffled else cells
            Work(ordered, self.engine, self.place, self.watch).run(self.stops, retry_failed=retry_failed)
            if self.stops.count:
                return


def _shuffled(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells from another one on: workers that begin together rarely want the same."""
    start = random.SystemRandom().randrange(max(1, len(cells)))
    return [*cells[start:], *cells[:start]]


def result_of(opened: OpenedSweep, place: Place) -> SweepResult:
    """Return what a sweep came to so far."""
    cells = cells_so_far(opened)
    status = status_of(cells, place)
    failed = {row.cell.run_name: row.state.reason for row in status.rows if row.state.status == "failed"}
    return SweepResult(status, compared(opened, cells), failed)
