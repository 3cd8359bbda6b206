"""Looks: seeds are added where pairs are open, at numbers of seeds that were planned, until all are settled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import Any

from ganzoo._leaderboard.comparison import Comparison
from ganzoo._leaderboard.gather import compare_runs
from ganzoo._sweep.cells import Cell, Variant, cells_of
from ganzoo._sweep.opened_sweep import OpenedSweep
from ganzoo._sweep.plan import plan_id
from ganzoo._sweep.sweep_file import more_seeds
from ganzoo._sweep.sweep_folder import now


def stages(sweep: OpenedSweep) -> Iterator[tuple[list[Cell], list[str]]]:
    """Yield cells that are to be computed before the next look, with what the last one found, a line each.

    What a look found is kept in the sweep's folder: whoever works on the sweep goes by it, whenever it comes by.
    """
    yield sweep.cells, []
    looks = sweep.settings.looks if sweep.settings.stop.settle else ()
    for look, following in zip_longest(looks, looks[1:]):
        found = _found_at(sweep, look)
        open_rows = [variant for variant in sweep.variants if variant.name in found["open_rows"]]
        yield _next(sweep, open_rows, following), _told(found, look, following)
        if following is None or not open_rows:
            return


def cells_so_far(sweep: OpenedSweep) -> list[Cell]:
    """Return the cells that are planned by now, by the looks that were taken."""
    cells = list(sweep.cells)
    looks = sweep.settings.looks
    for look, following in pairwise(looks):
        found = _kept(sweep, look)
        if found is None:
            break
        open_rows = [variant for variant in sweep.variants if variant.name in found["open_rows"]]
        cells += [cell for cell in _next(sweep, open_rows, following) if cell not in cells]
    return cells


def _next(sweep: OpenedSweep, rows: Sequence[Variant], look: int | None) -> list[Cell]:
    return cells_of(rows, more_seeds(sweep.settings.seeds, look)) if look else []


def _file(look: int) -> str:
    return f"look-{look}.json"


def _kept(sweep: OpenedSweep, look: int) -> dict[str, Any] | None:
    found = sweep.folder.read(sweep.folder.path / _file(look))
    return found if found and found.get("plan_sha256") == plan_id(sweep.settings, sweep.variants) else None


def _found_at(sweep: OpenedSweep, look: int) -> dict[str, Any]:
    """Return what a look found, taken now if it was not taken yet."""
    if (kept := _kept(sweep, look)) is not None:
        return kept
    rows = _open_rows(sweep)
    found = {"plan_sha256": plan_id(sweep.settings, sweep.variants), "look": look, "when": now(), **rows}
    sweep.folder.write(_file(look), found)
    return found


def _open_rows(sweep: OpenedSweep) -> dict[str, Any]:
    comparison = compared(sweep, cells_so_far(sweep))
    names = {run: cell.name for cell in cells_so_far(sweep) for run in [_folder_name(sweep, cell)] if run}
    pairs: list[list[str]] = []
    for table in comparison.tables if comparison else ():
        row_of = {row.number: names.get(row.runs[0], row.recipe) for row in table.rows if row.runs}
        if table.verdict.pairs:
            found = [pair for pair in table.verdict.pairs if pair.answer == "not known yet"]
            pairs += [[row_of[pair.first], row_of[pair.second]] for pair in found]
        else:  # too many rows for their pairs to be listed
            pairs += [[row_of[row.number]] for row in table.rows if row.open]
    return {"open_pairs": pairs, "open_rows": sorted({name for pair in pairs for name in pair})}


def _folder_name(sweep: OpenedSweep, cell: Cell) -> str:
    folder = cell.state(sweep.runs).folder
    return folder.name if folder else ""


def compared(sweep: OpenedSweep, cells: Sequence[Cell]) -> Comparison | None:
    """Return the comparison of the sweep's own runs, at the looks that were planned; None where there is none yet."""
    states = (cell.state(sweep.runs) for cell in cells)
    folders = [state.folder for state in states if state.folder is not None]
    looks = sweep.settings.looks if sweep.planned else ()
    return compare_runs(folders, together=False, looks=looks) if folders else None


def _told(found: Mapping[str, Any], look: int, following: int | None) -> list[str]:
    count = len(found["open_pairs"])
    pairs = f"{count} pair{'s are' if count != 1 else ' is'} not known yet"
    if not count:
        return [f"look at {look} seeds: each pair is settled"]
    if following is None:
        return [f"look at {look} seeds, the last: {pairs}"]
    return [f"look at {look} seeds: {pairs}; up to {following} seeds for {', '.join(found['open_rows'])}"]
