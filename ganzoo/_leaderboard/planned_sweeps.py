"""Planned sweeps: the plans that records repeat, each as its newest change has it, and what of it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganzoo._runs.experiment import without_seed
from ganzoo._runs.record import RunRecord

_MOST_CELLS = 100_000
"""A plan of more cells is none that a person wrote: it is not counted through."""


@dataclass(frozen=True)
class PlannedCell:
    """A run that was planned.

    Attributes:
        row: Name of its recipe and settings.
        seed: The seed.
        record: Of its newest attempt, a finished one before others; None where none is among the runs.
    """

    row: str
    seed: int
    record: RunRecord | None

    @property
    def run(self) -> str:
        """Name of the run, of its first attempt."""
        return f"{self.row}-s{self.seed}"

    @property
    def done(self) -> bool:
        """Whether it is finished and has a score."""
        return self.record is not None and self.record.status == "finished" and bool(self.record.scores)


@dataclass(frozen=True)
class PlannedSweep:
    """A sweep that was planned.

    Attributes:
        mark: What the record that was begun last says of the plan.
        records: The runs of it among those that are compared.
    """

    mark: Mapping[str, Any]
    records: tuple[RunRecord, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of its recipes and settings; empty where the records do not say."""
        rows = self.mark.get("rows")
        return tuple(row for row in rows if isinstance(row, str)) if isinstance(rows, list) else ()

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that every row was to have before anything was looked at."""
        return _numbers(self.mark.get("seeds"))

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of seeds at which it was planned to look."""
        return _numbers(self.mark.get("looks"))

    @property
    def cells(self) -> tuple[PlannedCell, ...]:
        """All runs that were planned, row by row, with those that a look asked for; empty where that is not known."""
        rows, seeds = self.rows, self.seeds
        if len(rows) * len(seeds) > _MOST_CELLS:
            return ()
        found: dict[tuple[str, int], RunRecord | None] = {(row, seed): None for row in rows for seed in seeds}
        for record in sorted(self.records, key=lambda each: each.status == "finished"):
            if (row := without_seed(record.name)) in rows:
                found[row, record.seed] = record
        order = {row: place for place, row in enumerate(rows)}
        return tuple(
            PlannedCell(row, seed, found[row, seed])
            for row, seed in sorted(found, key=lambda at: (order[at[0]], at[1]))
        )


def _numbers(values: object) -> tuple[int, ...]:
    return tuple(each for each in values if isinstance(each, int)) if isinstance(values, list) else ()


def planned_sweeps(records: Sequence[RunRecord]) -> list[PlannedSweep]:
    """Return the plans that runs belong to, in the order of the runs. A plan that was changed is one plan still."""
    found: dict[str, list[RunRecord]] = {}
    for record in records:
        if record.sweep:
            found.setdefault(_identity(record.sweep), []).append(record)
    return [PlannedSweep(_newest(several), tuple(several)) for several in found.values()]


def _identity(mark: Mapping[str, Any]) -> str:
    return "\n".join(str(mark.get(key)) for key in ("name", "file_sha256", "planned"))


def _newest(records: Iterable[RunRecord]) -> Mapping[str, Any]:
    marks = [record.sweep for record in records if record.sweep]
    return max(marks, key=lambda mark: len(changes) if isinstance(changes := mark.get("amended"), list) else 0)


def planned_looks(records: Sequence[RunRecord]) -> tuple[int, ...]:
    """Return the looks of the one plan that all finished runs belong to; nothing where there is none, or another."""
    finished = [record for record in records if record.status == "finished"]
    plans = planned_sweeps(finished)
    return plans[0].looks if len(plans) == 1 and len(plans[0].records) == len(finished) else ()
