"""Status: where a sweep's cells stand, and how long the rest takes by what was measured."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ganzoo._sweep.cell_state import CellState
from ganzoo._sweep.cells import Cell
from ganzoo._sweep.work import Place


@dataclass(frozen=True)
class CellRow:
    """A cell and its state.

    Attributes:
        cell: The cell.
        state: Its state.
        seconds_left: What its training still takes, by the pace of its like; None where nothing like it was measured.
    """

    cell: Cell
    state: CellState
    seconds_left: float | None


@dataclass(frozen=True)
class SweepStatus:
    """All cells of a sweep."""

    rows: tuple[CellRow, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many cells there are by status, none left out."""
        found = Counter(row.state.status for row in self.rows)
        return {status: found[status] for status in ("done", "running", "stopped", "failed", "left") if found[status]}

    @property
    def seconds_left(self) -> float | None:
        """What all cells that will be computed still take, one after the other; None where that is not known."""
        waiting = [row.seconds_left for row in self.rows if row.state.status not in ("done", "failed")]
        known = [seconds for seconds in waiting if seconds is not None]
        return sum(known) if len(known) == len(waiting) else None

    @property
    def folders(self) -> list[CellRow]:
        """The rows whose run has a folder."""
        return [row for row in self.rows if row.state.folder is not None]


def status_of(cells: Sequence[Cell], place: Place) -> SweepStatus:
    """Return where cells stand."""
    return status_from([(cell, place.state(cell)) for cell in cells])


def status_from(states: Sequence[tuple[Cell, CellState]]) -> SweepStatus:
    """Return the status of cells whose states are known."""
    paces = {name: _pace(found) for name, found in _by_name(states).items()}
    totals = {name: max((state.total_images for state in found), default=0) for name, found in _by_name(states).items()}
    typical = _mean(pace for pace in paces.values() if pace)
    whole = _mean(total for total in totals.values() if total)
    rows = []
    for cell, state in states:
        pace = paces[cell.name] or typical
        total = state.total_images or totals[cell.name] or whole
        rows.append(CellRow(cell, state, _left(state, pace, total)))
    return SweepStatus(tuple(rows))


def _by_name(states: Sequence[tuple[Cell, CellState]]) -> dict[str, list[CellState]]:
    found: dict[str, list[CellState]] = {}
    for cell, state in states:
        found.setdefault(cell.name, []).append(state)
    return found


def _pace(states: Iterable[CellState]) -> float:
    """Return seconds per image of one row's runs; 0 where none was measured."""
    measured = [state for state in states if state.images_seen and state.seconds > 0]
    images = sum(state.images_seen for state in measured)
    return sum(state.seconds for state in measured) / images if images else 0.0


def _left(state: CellState, pace: float, total: float) -> float | None:
    if state.status == "done":
        return 0.0
    return pace * max(0.0, total - state.images_seen) if pace and total else None


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return statistics.fmean(found) if found else 0.0
