"""Gathering of records: from run folders to a comparison, past damaged ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from typing_extensions import Unpack

from ganzoo._io.os_errors import shown
from ganzoo._leaderboard.choice import Choice
from ganzoo._leaderboard.comparable import comparable
from ganzoo._leaderboard.comparison import Comparison
from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._leaderboard.named import names_one, runs_of_names
from ganzoo._leaderboard.planned_sweeps import planned_looks
from ganzoo._leaderboard.rules import RuleOptions, Rules
from ganzoo._leaderboard.tables import Origin, Unranked
from ganzoo._runs.plain_data import plain
from ganzoo._runs.record import RunRecord, read_record
from ganzoo.errors import GanzooError


def paths_of(runs: Any) -> list[Path]:
    """Return the paths of runs, or of folders of runs: one or several, each open or named by its path.

    Raises:
        GanzooError: There is none, or something else is among them.
    """
    several = list(runs) if isinstance(runs, Iterable) and not isinstance(runs, str) else [runs]
    if not several:
        raise GanzooError("no runs are given to compare; name runs, or a folder of runs")
    paths = [getattr(each, "path", each) for each in several]
    for path in paths:
        if not isinstance(path, str | Path):
            raise GanzooError(f"{path!r:.80} is no run: give runs, their folders, or folders of runs")
    return [Path(path) for path in paths]


def compare_runs(
    paths: Sequence[Path],
    *,
    metric: str | None = None,
    by: str | None = None,
    where: Sequence[str] = (),
    protocol: str | None = None,
    together: bool = True,
    **agreed: Unpack[RuleOptions],
) -> Comparison:
    """Compare the runs that `paths` are or contain, or that are of the recipes that they name.

    Two or more runs or recipes that are named themselves, and nothing else, are asked to be ranked together, unless
    `together` is false: then each data set and protocol has a table of its own.

    Raises:
        RefusedError: Named runs whose datasets or protocols differ.
        GanzooError: No runs are there, or a field, condition or metric is unknown.
    """
    found = list({run.resolve(): run for runs in runs_of_names(paths) for run in runs}.values())
    if not found:
        raise GanzooError(f"there are no runs in {', '.join(map(shown, paths))}. `ganzoo run quickstart` makes one.")
    records: list[RunRecord] = []
    unreadable: list[Unranked] = []
    for path in found:
        try:
            records.append(read_record(path / "record.json"))
        except GanzooError as error:
            unreadable.append(Unranked(path.name, "unreadable", str(error), 0.0))
    if not records:  # that none can be read is what must be told, not that none meets a condition
        metric = by = protocol = None
    rules = Rules(**agreed)
    if not rules.looks:
        rules = replace(rules, looks=planned_looks(records))
    asked: dict[str, JsonValue] = {
        **{"metric": metric, "by": by, "where": list(where) if records else [], "protocol": protocol},
        "together": together and len(paths) > 1 and all(map(names_one, paths)),
        "rules": plain(asdict(rules)),
    }
    comparison = replace(ranked_again(Origin(asked, tuple(records))), unreadable=tuple(unreadable))
    by_name = {record.name: record for record in records}
    return replace(comparison, folders={path.name: path for path in found}, records=by_name)


def ranked_again(origin: Origin) -> Comparison:
    """Return the comparison of these records, as it was asked for. Raises as `compare_runs` does."""
    asked: dict[str, Any] = dict(origin.asked)
    records, where, protocol = list(origin.records), asked["where"], asked["protocol"]
    if asked["together"]:
        records = comparable(records, Choice.of(where, protocol))
    rules = Rules(**{**asked["rules"], "looks": tuple(asked["rules"]["looks"])})
    found = leaderboards(records, metric=asked["metric"], by=asked["by"], where=where, protocol=protocol, rules=rules)
    return Comparison(found.tables, found.unfinished, found.unscored, origin=origin)
