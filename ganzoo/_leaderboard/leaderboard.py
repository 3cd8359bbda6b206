"""Leaderboards: run records to tables in which every two rows may be compared. Plain data in, plain data out."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganzoo._leaderboard.choice import Choice
from ganzoo._leaderboard.classes import classes_of
from ganzoo._leaderboard.judge_captions import judge_notes
from ganzoo._leaderboard.plan_captions import plan_notes
from ganzoo._leaderboard.ranking import ranked
from ganzoo._leaderboard.record_fields import flatten, part, require_known
from ganzoo._leaderboard.rows import Entry, at_ends, differing, latest, rows_of
from ganzoo._leaderboard.rules import Rules
from ganzoo._leaderboard.statistics.transforms import usable
from ganzoo._leaderboard.tables import Comparison, Difference, Row, Section, ShownMetric, Table, Unranked
from ganzoo._leaderboard.variants import in_order, own_key, told_apart
from ganzoo._runs.experiment import experiment_id
from ganzoo._runs.record import DatasetId, RunRecord, Score, ranking_metric
from ganzoo.errors import GanzooError
from ganzoo.text import literal

_RANKED = frozenset({"finished", "imported"})
Group = tuple[str, int, int, int, str]


def leaderboards(
    records: Iterable[RunRecord],
    *,
    metric: str | None = None,
    by: str | None = None,
    where: Sequence[str] = (),
    protocol: str | None = None,
    rules: Rules | None = None,
) -> Comparison:
    """Group runs by dataset and protocol, collapse seeds, and rank each group.

    Args:
        records: The runs.
        metric: Key or label of the metric that ranks; by default the first that there are enough images for.
        by: Field by whose values the rows are put in sections.
        where: Conditions such as `dataset=oasis`; `scoring.generated=1000` chooses among scores.
        protocol: Beginning of the hash of the protocol whose scores are shown; by default all.
        rules: What was agreed in advance of margins, assumed spreads and looks.

    Raises:
        GanzooError: A condition or protocol that nothing meets, a field that no run has, or a metric that no table has.
    """
    choice = Choice.of(where, protocol)
    kept = choice.runs_of(list(records))
    choice.require_scores(kept)
    if by:
        require_known(by, kept)
    asked = _Asked(metric, by or "", rules or Rules())
    groups, unfinished, unscored = _grouped(kept, choice, asked.rules.checkpoint == "best")
    diverged = _diverged(kept)
    tables = [_table(group, entries, asked, diverged) for group, entries in groups.items()]
    _require_metric(metric, tables)
    return Comparison(_with_differences(tables), tuple(unfinished), tuple(unscored))


@dataclass(frozen=True)
class _Asked:
    metric: str | None
    by: str
    rules: Rules


def _diverged(records: Sequence[RunRecord]) -> dict[str, frozenset[int]]:
    """Return the seeds of each experiment whose training diverged: they are outcomes of it."""
    found: dict[str, set[int]] = defaultdict(set)
    for record in records:
        if record.status == "diverged":
            found[experiment_id(record)].add(record.seed)
    return {experiment: frozenset(seeds) for experiment, seeds in found.items()}


def _grouped(
    records: Sequence[RunRecord], choice: Choice, best: bool
) -> tuple[dict[Group, list[Entry]], list[Unranked], list[Unranked]]:
    groups: dict[Group, list[tuple[RunRecord, list[Score]]]] = defaultdict(list)
    unfinished, unscored = [], []
    for record in records:
        kimg = record.images_seen / 1000
        if record.status not in _RANKED:
            unfinished.append(Unranked(record.name, record.status, record.message, kimg))
            continue
        by_protocol = choice.reported(record)
        lacking = "no score of the protocol asked for" if choice.of_scores else ""
        if by_protocol and best:
            by_protocol, lacking = _of_best(record, by_protocol), "no score of a best snapshot"
        if not by_protocol:
            unscored.append(Unranked(record.name, record.status, lacking, kimg))
        for protocol_id, scores in by_protocol.items():
            groups[_group(scores[-1].dataset or record.dataset, protocol_id)].append((record, scores))
    return {group: _entries(members, best) for group, members in groups.items()}, unfinished, unscored


def _of_best(record: RunRecord, by_protocol: Mapping[str, list[Score]]) -> dict[str, list[Score]]:
    """Return the scores of the snapshot that selection scores chose; none where none was chosen or scored."""
    chosen = {
        protocol_id: [score for score in scores if score.images_seen == record.best_images_seen]
        for protocol_id, scores in by_protocol.items()
    }
    return {protocol_id: scores for protocol_id, scores in chosen.items() if scores}


def _entries(members: Sequence[tuple[RunRecord, list[Score]]], best: bool) -> list[Entry]:
    scores = told_apart([found for _, found in members])
    runs = [(record, found) for (record, _), found in zip(members, scores, strict=True)]
    # Best snapshots of a row's seeds lie at unlike kimg; what they share is the length of the training.
    return [Entry(record, latest(found), record.images_seen) for record, found in runs] if best else at_ends(runs)


def _group(dataset: DatasetId | None, protocol_id: str) -> Group:
    if dataset is None:
        return ("", 0, 0, 0, protocol_id)
    return (dataset.fingerprint, dataset.resolution, dataset.channels, dataset.label_dim, protocol_id)


def setting_of(entry: Entry) -> dict[str, Any]:
    """Return all that two runs must share to be compared, by dotted field."""
    record, score = entry.record, next(iter(entry.scores.values()))
    dataset = score.dataset or record.dataset
    named = dataset.model_dump() if dataset else {"name": part(record, "dataset")}
    return flatten({"dataset": named, "protocol": score.protocol})


def _table(group: Group, entries: Sequence[Entry], asked: _Asked, diverged: Mapping[str, frozenset[int]]) -> Table:
    metrics = _metrics(entries)
    context = setting_of(entries[0])
    generated, reference = (_count(context.get(f"protocol.{key}")) for key in ("generated", "reference_images"))
    counts = [count for count in (generated, reference) if count is not None]
    chosen, reason = _chosen(metrics, asked.metric, min(counts) if len(counts) == 2 else None)
    classes, unlike = classes_of([entry.scores for entry in entries], metrics)
    transforms = {key: shown.transform for key, shown in metrics.items()}
    rows, notes = rows_of(entries, transforms, classes, diverged, asked.by)
    shown = metrics[chosen]
    best_first, verdict = ranked(rows, chosen, shown.transform, asked.rules, lower_is_better=shown.lower_is_better)
    sections = (
        _sections(best_first, list(metrics)) if asked.by else (Section("", len(best_first), tuple(best_first), {}),)
    )
    return Table(
        dataset=str(context.get("dataset.name", "")),
        context=context,
        protocol_id=group[-1],
        generated=generated,
        reference_images=reference,
        metrics=metrics,
        primary=chosen,
        reason=reason,
        distinct={},
        by=asked.by,
        sections=sections,
        verdict=verdict,
        notes=(*notes, *unlike, *judge_notes(best_first, entries), *plan_notes([entry.record for entry in entries])),
        classes=classes,
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _metrics(entries: Sequence[Entry]) -> dict[str, ShownMetric]:
    return {
        key: _shown_metric([entry.scores[key] for entry in entries if key in entry.scores])
        for key in in_order(entry.scores for entry in entries)
    }


def _shown_metric(scores: Sequence[Score]) -> ShownMetric:
    newest = scores[-1]
    return ShownMetric(
        label=newest.label,
        lower_is_better=newest.lower_is_better,
        unit=newest.unit,
        scale=newest.scale,
        images_needed=newest.images_needed,
        transform=usable(newest.transform, scores),
        floor=next((score.floor for score in reversed(scores) if score.floor), None),
    )


def _chosen(metrics: Mapping[str, ShownMetric], wanted: str | None, images: int | None) -> tuple[str, str]:
    needed = {key: shown.images_needed for key, shown in metrics.items()}
    own, first = ranking_metric(needed, images), next(iter(metrics))
    if wanted is not None:
        for key, shown in metrics.items():
            if wanted.lower() in (key.lower(), own_key(key).lower(), shown.label.lower()):
                return key, "as asked"
        return own, f"no run of this table has the metric '{literal(wanted)}'"
    if images is not None and own != first:
        return own, f"fewer than {needed[first]:,} images on a side"
    return own, ""


def _sections(rows: Sequence[Row], metrics: Sequence[str]) -> tuple[Section, ...]:
    """Put rows, best first, in sections; the section of the best row comes first."""
    members: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        members[row.section].append(row)
    return tuple(
        Section(value, len(inside), tuple(inside), _means(inside, metrics)) for value, inside in members.items()
    )


def _means(rows: Sequence[Row], metrics: Sequence[str]) -> dict[str, float]:
    judged = [row for row in rows if not row.judge_read]
    found = {key: [row.estimates[key].mean for row in judged if key in row.estimates] for key in metrics}
    return {key: statistics.fmean(values) for key, values in found.items() if values}


def _require_metric(metric: str | None, tables: Sequence[Table]) -> None:
    if metric is None or not tables or any(table.reason == "as asked" for table in tables):
        return
    known = sorted({f"{key} ({shown.label})" for table in tables for key, shown in table.metrics.items()})
    listed = literal(", ".join(known))
    raise GanzooError(f"no score of these runs is of the metric '{literal(metric)}'; they have {listed}.")


def _with_differences(tables: Sequence[Table]) -> tuple[Table, ...]:
    """Say in what tables of one dataset differ; those of another one say so by their titles."""
    tables = sorted(tables, key=lambda table: (table.dataset, -len(table.rows), table.protocol_id))
    alike: dict[str, list[Table]] = defaultdict(list)
    for table in tables:
        alike[table.dataset].append(table)
    fields = {name: differing([table.context for table in same]) for name, same in alike.items()}
    return tuple(
        replace(
            table,
            distinct={field: _difference(field, table, alike[table.dataset]) for field in fields[table.dataset]},
        )
        for table in tables
    )


def _difference(field: str, table: Table, tables: Sequence[Table]) -> Difference:
    here = table.context.get(field)
    there = []
    for other in tables:
        value = other.context.get(field)
        if value != here and value not in there:
            there.append(value)
    return Difference(here, tuple(there))
