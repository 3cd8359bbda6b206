"""Registration: what was planned before the first run, with the hash that holds it to that, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo._leaderboard.planned_sweeps import PlannedCell, PlannedSweep, planned_sweeps
from ganzoo._report.page_table import Cell, Line, PageTable, text_lines
from ganzoo._report.planned_words import begun, budget, counted, listed, looked, moment, said, seeds_text
from ganzoo._report.without_places import without_places
from ganzoo._runs.record import RunRecord
from ganzoo._runs.sweep_mark import ENDING, failures_in, looks_in, read_plan
from ganzoo.errors import GanzooError

_MOST_UNFINISHED = 200
_LONGEST_FILE = 20_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NOT_PLANNED = (
    "Nothing was written down before these runs began: none is of a sweep. ganzoo sweep FILE keeps the hash of its "
    "plan in each run's record, and this report then shows it."
)


@dataclass(frozen=True)
class PlanOnPage:
    """A plan, as the page shows it.

    Attributes:
        heading: Its name.
        facts: What was planned, when, and what was changed since.
        looks: What each look found; None where none is on record.
        unfinished: Planned runs without a score; None where all have one.
        more: How many of those the table leaves out.
        missing: How many planned runs have no score.
        planned: How many runs are planned; 0 where that is not known.
        text: The sweep's file as it reads now, word for word; empty where it is not there or names places.
    """

    heading: str
    facts: PageTable
    looks: PageTable | None
    unfinished: PageTable | None
    more: int
    missing: int
    planned: int
    text: str


@dataclass(frozen=True)
class Registration:
    """All plans that runs belong to, and a sentence about those that belong to none."""

    plans: tuple[PlanOnPage, ...]
    said: str

    @property
    def caution(self) -> str:
        """A sentence for the verdict, where planned runs are not done; else empty."""
        planned, missing = sum(plan.planned for plan in self.plans), sum(plan.missing for plan in self.plans)
        if not missing:
            return ""
        return f"{missing:,} of the {planned:,} runs that were planned {'has' if missing == 1 else 'have'} no score."


def registration_of(records: Sequence[RunRecord], folders: Mapping[str, Path]) -> Registration:
    """Return the plans of runs; what their sweep's folder says counts where it still lies beside them."""
    sweeps = planned_sweeps(records)
    if not sweeps:
        return Registration((), NOT_PLANNED if records else "")
    planned = sum(len(sweep.records) for sweep in sweeps)
    rest = len(records) - planned
    text = f"{planned:,} of {len(records):,} runs are of a plan that was written down before the first of them began."
    text += f" {rest:,} {'is' if rest == 1 else 'are'} of none." if rest else ""
    return Registration(tuple(_plan(sweep, number, folders) for number, sweep in enumerate(sweeps, 1)), text)


def _plan(sweep: PlannedSweep, number: int, folders: Mapping[str, Path]) -> PlanOnPage:
    cells, folder = sweep.cells, _folder_of(sweep, folders)
    missing = [cell for cell in cells if not cell.done]
    name = said(sweep.mark.get("name")) or "a sweep"
    facts = text_lines(_facts(sweep, len(cells), len(cells) - len(missing)))
    return PlanOnPage(
        name,
        PageTable(f"plan-{number}", f"Plan of the sweep {name}", ("planned", "as it was written down"), facts),
        _looks(folder, number),
        _unfinished(missing[:_MOST_UNFINISHED], folder, number),
        max(0, len(missing) - _MOST_UNFINISHED),
        len(missing),
        len(cells),
        _text(folder),
    )


def _folder_of(sweep: PlannedSweep, folders: Mapping[str, Path]) -> Path | None:
    """Return the sweep's own folder beside its runs, if it lies there and holds the same plan."""
    name = sweep.mark.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    for runs in dict.fromkeys(folders[record.name].parent for record in sweep.records if record.name in folders):
        try:
            plan = read_plan(runs / f"{name}{ENDING}")
        except GanzooError:
            continue
        if plan is not None and plan["versions"][0]["file_sha256"] == sweep.mark.get("file_sha256"):
            return runs / f"{name}{ENDING}"
    return None


def _text(folder: Path | None) -> str:
    plan = read_plan(folder) if folder else None
    text = str(plan["versions"][-1].get("text", "")) if plan else ""
    return text if len(text) <= _LONGEST_FILE and without_places(text) == text else ""


def _facts(sweep: PlannedSweep, cells: int, done: int) -> Iterator[tuple[str, str]]:
    mark = sweep.mark
    if mark.get("title"):
        yield "question", said(mark["title"])
    yield "written down", begun(mark)
    yield "SHA-256 of its file", said(mark.get("file_sha256"))
    if cells:
        yield "recipes and settings", listed(sweep.rows)
        yield "seeds", seeds_text(sweep.seeds)
        yield "runs", f"{counted(cells, 'run')} planned, {done:,} of them with a score"
    else:
        yield "runs", f"{len(sweep.records):,} of it are here"
    yield "held equal", budget(mark.get("budget"))
    yield "looks", looked(sweep.looks)
    changes = mark.get("amended")
    found = [each for each in changes if isinstance(each, Mapping)] if isinstance(changes, list) else []
    for change in found:
        yield "changed", _change(change)
    if not found:
        yield "changed since", "no"


def _change(change: Mapping[str, Any]) -> str:
    sha = change.get("file_sha256")
    return f"{begun(change)}: {said(change.get('reason'))}" + (f" (SHA-256 {said(sha)})" if sha else "")


def _looks(folder: Path | None, number: int) -> PageTable | None:
    found = looks_in(folder) if folder else []
    if folder is None or not found:
        return None
    plan = read_plan(folder)
    newest = plan["versions"][-1]["plan_sha256"] if plan else None
    lines = text_lines(_look(each, newest) for each in found)
    return PageTable(f"looks-{number}", "What each look found", ("look at", "when", "not known yet"), lines)


def _look(found: Mapping[str, Any], newest: object) -> tuple[str, str, str]:
    pairs = found.get("open_pairs")
    named = (
        [" and ".join(map(said, pair)) for pair in pairs if isinstance(pair, list)] if isinstance(pairs, list) else []
    )
    before = "" if found.get("plan_sha256") == newest else ", before the plan was changed"
    return (
        f"{found['look']} seeds",
        f"{moment(found.get('when'))}{before}",
        listed(named, "; ") or "nothing: all settled",
    )


def _unfinished(missing: Sequence[PlannedCell], folder: Path | None, number: int) -> PageTable | None:
    if not missing:
        return None
    failures = failures_in(folder) if folder else {}
    lines = tuple(_line(cell, folder, failures) for cell in missing)
    header = ("run", "status", "kimg", "why")
    return PageTable(f"undone-{number}", "Planned runs without a score", header, lines, frozenset({2}))


def _line(cell: PlannedCell, folder: Path | None, failures: Mapping[str, str]) -> Line:
    record, failure = cell.record, failures.get(cell.run)
    kimg = record.images_seen / 1000 if record else 0.0
    message = record.message if record else ""
    # What sweeps note of failures says why a process was killed, which its run's record cannot know.
    why = said(message if message or failure is None else failure)
    status = _status(record, failed=failure is not None) if record or failure is not None else _absent(cell, folder)
    return Line((Cell(cell.run), Cell(status), Cell(f"{kimg:,.4g}" if kimg else "—", kimg or None), Cell(why)))


def _status(record: RunRecord | None, *, failed: bool) -> str:
    if record is None or (failed and record.status in ("running", "stopped")):
        return "failed"
    return "no score" if record.status == "finished" else record.status


def _absent(cell: PlannedCell, folder: Path | None) -> str:
    """Return what is known of a run that has no record here: its sweep's folder shows whether it was begun."""
    return "not begun" if folder is not None and not (folder.parent / cell.run).is_dir() else "not among these runs"
