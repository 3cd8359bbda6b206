"""Rows of a table: the seeds of one experiment under one protocol become one row."""

from __future__ import annotations

import json
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganzoo._leaderboard.classes import estimates_by_class
from ganzoo._leaderboard.course import courses_of
from ganzoo._leaderboard.published import published_values
from ganzoo._leaderboard.record_fields import (
    MISSING,
    flatten,
    lookup,
    machine,
    part,
    penalties,
    recipe_name,
    value_text,
    walk,
)
from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.statistics.transforms import Transform
from ganzoo._leaderboard.tables import Row, ShownClasses
from ganzoo._runs.experiment import experiment_id, plain_name, training_fields
from ganzoo._runs.features_read import judge_among
from ganzoo._runs.record import RunRecord, Score

_MAX_OPTIONS = 6
_CODE = "code."


@dataclass(frozen=True)
class Entry:
    """A run's reported scores under one protocol at one point of its training, by metric.

    Attributes:
        record: The run.
        scores: By metric.
        end: Length that it shares with the seeds of its row, in images seen.
        course: All scores up to there.
    """

    record: RunRecord
    scores: Mapping[str, Score]
    end: int = 0
    course: tuple[Score, ...] = ()


def latest(scores: Iterable[Score]) -> dict[str, Score]:
    """Return the last score of each metric; of two at the same images seen, the later in the list."""
    found: dict[str, Score] = {}
    for score in scores:
        if score.metric not in found or score.images_seen >= found[score.metric].images_seen:
            found[score.metric] = score
    return found


def at_ends(runs: Sequence[tuple[RunRecord, Sequence[Score]]]) -> list[Entry]:
    """Return each run where it was scored last, and where another run of its experiment was.

    So a seed that was trained on stands in two rows: in that of the others, with what it scored there, and by itself.
    Seeds whose training hours ended share the hours, wherever that was.
    """
    ends: dict[str, set[int]] = defaultdict(set)
    for record, scores in runs:
        ends[experiment_id(record)].add(max(score.images_seen for score in scores))
    entries = []
    for record, scores in runs:
        if walk(record.recipe, "training.most_hours") is not MISSING:
            entries.append(Entry(record, latest(scores), 0, tuple(scores)))
            continue
        for images_seen in sorted(ends[experiment_id(record)]):
            if there := [score for score in scores if score.images_seen == images_seen]:
                course = tuple(score for score in scores if score.images_seen <= images_seen)
                entries.append(Entry(record, latest(there), images_seen, course))
    return entries


def rows_of(
    entries: Sequence[Entry],
    transforms: Mapping[str, Transform],
    classes: Mapping[str, ShownClasses],
    diverged: Mapping[str, frozenset[int]],
    by: str = "",
) -> tuple[list[Row], list[str]]:
    """Collapse the entries of one table into rows; also return notes, such as which of two equal seeds is shown.

    Args:
        entries: Those of one table.
        transforms: Scale on which each metric's errors are even.
        classes: The classes of metrics that are known by class.
        diverged: By experiment, the seeds whose training diverged.
        by: Field by whose values rows are put in sections.
    """
    experiments: dict[tuple[str, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        experiments[experiment_id(entry.record), entry.end].append(entry)
    notes: list[str] = []
    rows, firsts = [], []
    for members in experiments.values():
        chosen = _one_per_seed(members, notes)
        notes += _origins(chosen)
        section = value_text(lookup(chosen[0].record, by)) if by else ""
        row = _row(chosen, transforms, classes, section)
        lost = diverged.get(experiment_id(chosen[0].record), frozenset()) - set(row.seeds)
        rows.append(replace(row, diverged=tuple(sorted(lost))))
        firsts.append(chosen[0].record)
    return _with_options(rows, firsts), list(dict.fromkeys(notes))


def _one_per_seed(members: Sequence[Entry], notes: list[str]) -> list[Entry]:
    by_seed: dict[int, list[Entry]] = defaultdict(list)
    for entry in sorted(members, key=lambda entry: _natural(entry.record.name)):
        by_seed[entry.record.seed].append(entry)
    for seed, same in by_seed.items():
        if len(same) > 1:
            left_out = ", ".join(entry.record.name for entry in same[:-1])
            notes.append(f"seed {seed} was run {len(same)} times: {same[-1].record.name} counts, not {left_out}")
    return [by_seed[seed][-1] for seed in sorted(by_seed)]


def _origins(entries: Sequence[Entry]) -> list[str]:
    """Say of runs that did not learn from the images they are compared with what they come from."""
    found = []
    for entry in entries:
        record, against = entry.record, next(iter(entry.scores.values())).dataset
        if against is None:
            continue
        if record.status == "imported":
            found.append(f"nothing is known of the images that {record.name} learned from: it was imported")
        elif record.dataset and record.dataset.fingerprint != against.fingerprint:
            found.append(f"{record.name} learned from other images than these, of '{record.dataset.name}'")
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"(\d{1,18})", name)]


def _row(
    entries: Sequence[Entry], transforms: Mapping[str, Transform], classes: Mapping[str, ShownClasses], section: str
) -> Row:
    # Named and published as the run that ends here; one that was trained on may be called otherwise by now.
    record = min(entries, key=lambda entry: entry.record.images_seen).record
    metrics = {metric for entry in entries for metric in entry.scores}
    records = [entry.record for entry in entries]
    speeds = [each.images_seen / each.seconds for each in records if each.seconds > 0 and each.images_seen]
    return Row(
        recipe=recipe_name(record),
        generator=part(record, "generator"),
        discriminator=part(record, "discriminator"),
        loss=part(record, "loss"),
        penalties=penalties(record),
        augmentation=part(record, "augmentation"),
        kimg=statistics.fmean(map(_images_seen, entries)) / 1000,
        seeds=tuple(each.seed for each in records),
        runs=tuple(each.name for each in records),
        estimates={metric: _estimate(metric, entries, transforms[metric]) for metric in sorted(metrics)},
        images_per_second=statistics.fmean(speeds) if speeds else None,
        parameters=record.parameters,
        hours=statistics.fmean(_seconds(entry) for entry in entries) / 3600,
        options={},
        recipe_of=record.name if record.recipe and record.status != "imported" else "",
        published=published_values(record, entries[0].scores),
        settings=flatten(training_fields(record)),
        peak_memory_bytes=max(each.peak_memory_bytes for each in records),
        section=section,
        course=courses_of({entry.record.seed: entry.course for entry in entries}, transforms),
        machines=tuple(sorted(set(map(machine, records)))) if all(map(machine, records)) else (),
        judge_read=next(filter(None, map(judge_read, entries)), ""),
        by_class=estimates_by_class({entry.record.seed: entry.scores for entry in entries}, classes),
    )


def judge_read(entry: Entry) -> str:
    """Name the extractor that scored a run where its training read it, with what did; empty where it did not."""
    protocol = next(iter(entry.scores.values())).protocol
    found = judge_among(entry.record.features_read, protocol)
    return f"'{found.extractor}' ({found.by})" if found else ""


def _images_seen(entry: Entry) -> int:
    return max(score.images_seen for score in entry.scores.values())


def _seconds(entry: Entry) -> float:
    """Return what the training took until it was scored: of a run that went on, that share."""
    record, images_seen = entry.record, _images_seen(entry)
    return record.seconds * min(1.0, images_seen / record.images_seen) if record.images_seen else record.seconds


def _estimate(metric: str, entries: Sequence[Entry], transform: Transform) -> Estimate:
    scores = {entry.record.seed: entry.scores[metric] for entry in entries if metric in entry.scores}
    return Estimate.of(scores, transform)


def _with_options(rows: Sequence[Row], records: Sequence[RunRecord]) -> list[Row]:
    """Name rows of the same parts by the fields in which they differ."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        chosen = (row.generator, row.discriminator, row.loss, *row.penalties, row.augmentation)
        alike[tuple(map(plain_name, chosen))].append(index)
    result = list(rows)
    for indices in alike.values():
        if len(indices) > 1:
            flats = [flatten(training_fields(records[index])) for index in indices]
            fields = _without_repeats(differing(flats), flats)[:_MAX_OPTIONS]
            for index, flat in zip(indices, flats, strict=True):
                result[index] = replace(result[index], options={field: flat.get(field) for field in fields})
    return result


def _without_repeats(fields: Sequence[str], flats: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return fields without those of code that tell apart what an earlier one does: an upgrade changes several."""
    found, seen = [], set[tuple[int, ...]]()
    for field in fields:
        values = [_key(flat.get(field, MISSING)) for flat in flats]
        split = tuple(values.index(value) for value in values)
        if not field.startswith(_CODE) or split not in seen:
            found.append(field)
        if field.startswith(_CODE):
            seen.add(split)
    return found


def differing(flats: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the fields that do not have one value in all of the given flat tables, in their order."""
    fields = dict.fromkeys(field for flat in flats for field in flat)
    return [field for field in fields if len({_key(flat.get(field, MISSING)) for flat in flats}) > 1]


def _key(value: Any) -> str:
    return "missing" if value is MISSING else json.dumps(value, sort_keys=True)
