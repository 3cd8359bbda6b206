"""Work on cells: hands them to an engine until none is left, whoever else works on them."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ganzoo._sweep.cell_state import CellState
from ganzoo._sweep.cells import Cell
from ganzoo._sweep.engine import Attempt, Ended, Engine, Outcome, outcome_of
from ganzoo._sweep.sweep_folder import SweepFolder, size_of, told_in

_TICK_SECONDS = 0.5
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 1.0, 30.0
_MOST_DEATHS = 3
"""Attempts that may be killed without a step forward before a cell counts as failed."""


class Watcher(Protocol):
    """Is told what happens to cells."""

    def started(self, cell: Cell, where: str) -> None:
        """An attempt begins."""

    def ended(self, cell: Cell, outcome: Outcome, reason: str) -> None:
        """A cell is done, failed, or was stopped; an attempt that will be repeated was killed."""

    def tick(self) -> None:
        """Time goes by: about twice a second."""


@dataclass(frozen=True)
class Place:
    """Where a sweep's cells are computed, and how.

    Attributes:
        runs: Folder of the runs.
        folder: The sweep's own.
        device: As `ganzoo run --device`.
        environment: Variables of each cell's process, such as the number of threads.
        planned: Whether runs note the plan of the sweep.
        allow_changed_code: Whether runs may go on with other code than they began with.
        callbacks: Callbacks of each run, as `ganzoo run --callback`.
    """

    runs: Path
    folder: SweepFolder
    device: str = "auto"
    environment: Mapping[str, str] = field(default_factory=dict)
    planned: bool = True
    allow_changed_code: bool = False
    callbacks: tuple[str, ...] = ()

    @property
    def threads(self) -> int:
        """CPU threads of each cell."""
        return max([1, *(int(value) for value in self.environment.values() if value.isdigit())])

    def attempt(self, cell: Cell) -> Attempt:
        """Return the attempt to compute a cell."""
        command = cell.command(
            self.runs,
            device=self.device,
            sweep=self.folder.path if self.planned else None,
            allow_changed_code=self.allow_changed_code,
            callbacks=self.callbacks,
        )
        return Attempt(cell.run_name, tuple(command), self.environment, self.folder.log(cell.run_name))

    def state(self, cell: Cell) -> CellState:
        """Return the state of a cell, with what is known of its failure."""
        state = cell.state(self.runs)
        if state.status in ("done", "running"):
            return state
        failure = self.folder.failure(cell.run_name, cell.asked)
        if failure is None:
            return state
        return CellState(
            "failed", state.folder, state.images_seen, state.total_images, state.seconds, "", failure.reason
        )


class Work:
    """Cells on their way through an engine; each ends as done, failed or stopped."""

    def __init__(self, cells: Sequence[Cell], engine: Engine, place: Place, watcher: Watcher) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._engine, self._place, self._watcher = engine, place, watcher
        self._ready = deque(cells)
        self._later: list[tuple[float, int, Cell]] = []
        self._under_way: dict[str, tuple[Cell, int]] = {}
        self._waits: dict[str, float] = {}
        self._deaths: dict[str, tuple[int, int]] = {}
        self._refusals: dict[str, int] = {}
        self._order = itertools.count()
        self._retries = self._stopping = False

    def run(self, stops: Callable[[], int], *, retry_failed: bool = False) -> dict[str, Outcome]:
        """Work until each cell has ended.

        Args:
            stops: How often it was asked to stop: once for a checkpoint first, again to end at once.
            retry_failed: Try cells again that failed before; they may fail again, and then stay so.
        """
        if retry_failed:
            self._place.folder.forget_failures()
        told, self._retries = 0, retry_failed
        while self._ready or self._later or self._under_way:
            while told < stops():
                told += 1
                self._stop()
            self._fill()
            for ended in self._engine.wait(_TICK_SECONDS if self._under_way or self._later else 0):
                self._end(ended)
            if not self._under_way and self._later:
                time.sleep(min(_TICK_SECONDS, max(0.0, self._later[0][0] - time.monotonic())))
            self._watcher.tick()
        return self.outcomes

    def _stop(self) -> None:
        waiting = [*self._ready, *(cell for _, _, cell in self._later)]
        self._ready.clear()
        self._later.clear()
        for cell in waiting:
            self.outcomes[cell.run_name] = Outcome.STOPPED
        self._stopping = True
        self._engine.stop()

    def _fill(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            self._ready.append(heapq.heappop(self._later)[2])
        while self._ready and len(self._under_way) < self._engine.slots:
            self._begin(self._ready.popleft())

    def _begin(self, cell: Cell) -> None:
        state = self._place.state(cell)
        if state.status == "done":
            self._settle(cell, Outcome.DONE, "")
        elif state.status == "failed" and not self._retries:
            self._settle(cell, Outcome.FAILED, state.reason)
        elif state.status == "running":
            self._postpone(cell)
        else:
            attempt = self._place.attempt(cell)
            start = size_of(attempt.log) if attempt.log else 0
            where = self._engine.start(attempt)
            self._under_way[cell.run_name] = cell, start
            self._watcher.started(cell, where)

    def _end(self, ended: Ended) -> None:
        cell, start = self._under_way.pop(ended.name)
        reason = ended.reason or told_in(self._place.folder.log(cell.run_name), start)
        outcome = outcome_of(ended.exit_code)
        if outcome is Outcome.DONE:
            self._settle(cell, outcome, "")
        elif outcome is Outcome.FAILED:
            self._fail(cell, ended.exit_code, reason)
        elif self._stopping:
            self._settle(cell, Outcome.STOPPED, reason)
        elif outcome is Outcome.HELD:
            self._refused(cell, ended.exit_code, reason)
        elif outcome is Outcome.STOPPED:
            self._ready.append(cell)
            self._watcher.ended(cell, outcome, reason)
        else:
            self._killed(cell, ended.exit_code)

    def _refused(self, cell: Cell, exit_code: int, reason: str) -> None:
        """Tell a run that somebody holds, for which is waited, from one that is refused whenever it is tried."""
        state = self._place.state(cell)
        if state.status == "done":
            self._settle(cell, Outcome.DONE, "")
        elif state.status == "running":
            self._postpone(cell)
        else:
            self._refusals[cell.run_name] = self._refusals.get(cell.run_name, 0) + 1
            if state.status == "failed" or self._refusals[cell.run_name] > 1:
                self._fail(cell, exit_code, reason)
            else:
                self._postpone(cell)

    def _killed(self, cell: Cell, exit_code: int) -> None:
        seen = self._place.state(cell).images_seen
        before, deaths = self._deaths.get(cell.run_name, (-1, 0))
        deaths = deaths + 1 if seen <= before else 1
        self._deaths[cell.run_name] = seen, deaths
        by = f"was killed by signal {-exit_code}" if exit_code < 0 else f"ended with exit code {exit_code}"
        if deaths >= _MOST_DEATHS:
            self._fail(cell, exit_code, f"{by}, {deaths} times at {seen:,} images; did its memory not suffice?")
        else:
            self._ready.append(cell)
            self._watcher.ended(cell, Outcome.KILLED, f"{by} at {seen:,} images; it is tried again")

    def _postpone(self, cell: Cell) -> None:
        wait = self._waits.get(cell.run_name, _FIRST_WAIT_SECONDS)
        self._waits[cell.run_name] = min(2 * wait, _LONGEST_WAIT_SECONDS)
        heapq.heappush(self._later, (time.monotonic() + wait, next(self._order), cell))

    def _fail(self, cell: Cell, exit_code: int, reason: str) -> None:
        self._place.folder.note_failure(cell.run_name, cell.asked, exit_code, reason)
        self._settle(cell, Outcome.FAILED, reason)

    def _settle(self, cell: Cell, outcome: Outcome, reason: str) -> None:
        self.outcomes[cell.run_name] = outcome
        self._watcher.ended(cell, outcome, reason)
