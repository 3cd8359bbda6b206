"""Watching a sweep: the states of its cells as they change, without reading all of them again, and lines of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ganzoo._sweep.cell_state import CellState
from ganzoo._sweep.cells import Cell
from ganzoo._sweep.engine import Outcome
from ganzoo._sweep.status import CellRow, SweepStatus, status_from
from ganzoo._sweep.work import Place
from ganzoo.contracts.reporter import Reporter
from ganzoo.text import duration

_SHOW_SECONDS = 2.0
Show = Callable[[SweepStatus], None]


class Watch:
    """Keeps the states of cells, tells of each that ends, and shows all of them now and then.

    Only runs that are under way are read again: showing a thousand cells costs no more than showing ten.
    """

    def __init__(self, place: Place, reporter: Reporter, show: Show | None = None) -> None:
        self._place, self._reporter, self._show = place, reporter, show
        self._cells: dict[str, Cell] = {}
        self._states: dict[str, CellState] = {}
        self._under_way: dict[str, tuple[str, float]] = {}
        self._shown_at = 0.0

    def plan(self, cells: Sequence[Cell]) -> None:
        """Take cells that are to be computed."""
        for cell in cells:
            if cell.run_name not in self._cells:
                self._cells[cell.run_name] = cell
                self._states[cell.run_name] = self._place.state(cell)
        counts = self.status.counts
        found = [f"{counts[word]} {word}" for word in ("done", "running", "stopped", "failed") if word in counts]
        self.tell(f"{len(self._cells)} runs{': ' if found else ''}{', '.join(found)}")

    @property
    def status(self) -> SweepStatus:
        """Where all cells stand."""
        return status_from([(cell, self._state(name)) for name, cell in self._cells.items()])

    def _state(self, name: str) -> CellState:
        """Return a cell's state as it is known; a process that was started holds no run before it has its imports."""
        state = self._states[name]
        if name in self._under_way and state.status in ("left", "stopped"):
            return replace(state, status="running", holder=self._under_way[name][0] or "starting", reason="")
        return state

    def started(self, cell: Cell, where: str) -> None:
        """See `Watcher.started`."""
        self._under_way[cell.run_name] = where, time.monotonic()
        place = f" on {where}" if where else ""
        self._tell(f"{cell.run_name}: started{place}")

    def ended(self, cell: Cell, outcome: Outcome, reason: str) -> None:
        """See `Watcher.ended`."""
        _, since = self._under_way.pop(cell.run_name, ("", 0.0))
        self._states[cell.run_name] = self._place.state(cell)
        self._shown_at = 0.0  # at the next tick: the last of them is told too
        if not since:  # it was so before
            return
        took = f" after {duration(time.monotonic() - since)}"
        match outcome:
            case Outcome.DONE:
                self._tell(f"{cell.run_name}: done{took}")
            case Outcome.FAILED:
                self._warn(f"{cell.run_name}: failed{took}: {reason or 'it says nothing'}")
            case Outcome.STOPPED:
                self._tell(f"{cell.run_name}: stopped at a checkpoint")
            case _:
                self._warn(f"{cell.run_name}: {reason}")

    def tick(self) -> None:
        """See `Watcher.tick`."""
        if self._show is None or time.monotonic() - self._shown_at < _SHOW_SECONDS:
            return
        self._shown_at = time.monotonic()
        running = [name for name, state in self._states.items() if state.status == "running"]
        for name in {*self._under_way, *running}:
            self._states[name] = self._place.state(self._cells[name])
        self._show(self.status)

    def tell(self, text: str) -> None:
        """Tell people something of the sweep as a whole."""
        self._reporter.info(text)

    def _count(self) -> str:
        done = sum(state.status == "done" for state in self._states.values())
        failed = sum(state.status == "failed" for state in self._states.values())
        return f"[{done} of {len(self._cells)} done{f', {failed} failed' if failed else ''}] "

    def _tell(self, text: str) -> None:
        self._reporter.info(self._count() + text)

    def _warn(self, text: str) -> None:
        self._reporter.warning(self._count() + text)


def summary(status: SweepStatus) -> str:
    """Return the state of a sweep in one line: `4 of 9 done, 2 running, 3 left; about 1.2 h of computing left`."""
    counts = status.counts
    parts = [f"{counts.pop('done', 0)} of {len(status.rows)} done", *(f"{n} {word}" for word, n in counts.items())]
    seconds = status.seconds_left
    left = f"; about {duration(seconds)} of computing left" if seconds else ""
    return ", ".join(parts) + left


def row_text(row: CellRow) -> tuple[str, str, str, str]:
    """Return a cell for a table: its status, how far it is, the hours that are left, and where or why."""
    state = row.state
    far = f"{state.images_seen / 1000:,.4g}" + (f" of {state.total_images / 1000:,.4g}" if state.total_images else "")
    left = "" if state.status in ("done", "failed") or row.seconds_left is None else duration(row.seconds_left)
    where = state.holder if state.status == "running" else " ".join(state.reason.split())
    return state.status, far if state.folder else "", left, where
