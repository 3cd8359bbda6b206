"""Captions of a table: what it compares, how it ranks, what its numbers mean. Plain text, not escaped."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo._leaderboard.columns import MARK, REAL_IMAGES
from ganzoo._leaderboard.plan_captions import cost_line
from ganzoo._leaderboard.record_fields import value_text
from ganzoo._leaderboard.tables import Comparison, Difference, Table, Unranked
from ganzoo._leaderboard.verdict_captions import verdict_lines
from ganzoo.text import clip

_MOST_DIFFERENCES = 6
_MOST_NOTES = 3  # of one metric: a line or two, where notes of each seed's own would be a page
_COUNTED = {
    "last": "the last of each run",
    "best": "of each run's best snapshot, which scores with other draws chose",
}
_TITLED = (
    *("dataset.", "protocol.generated", "protocol.reference", "protocol.split", "protocol.extractor"),
    "protocol.label_distribution",
)


def title(table: Table) -> str:
    """Return what the table's rows share: dataset, image size, counts of images, extractor."""
    context = table.context
    size = context.get("dataset.resolution")
    parts = [table.dataset or "unknown dataset"]
    if size:
        parts[0] += f" {size}×{size}×{context.get('dataset.channels')}"
    if context.get("dataset.label_dim"):
        parts.append(f"{context['dataset.label_dim']} classes")
    if table.generated is not None and table.reference_images is not None:
        split = context.get("protocol.split")
        of = f" ({split})" if isinstance(split, str) else ""
        parts.append(f"{table.generated:,} generated vs {table.reference_images:,} real images{of}")
    extractor = context.get("protocol.extractor.name", context.get("protocol.extractor"))
    if isinstance(extractor, str):
        parts.append(extractor)
    telling = [field for field in table.distinct if not field.startswith(_TITLED)]
    parts += [f"{field} {_brief(table.distinct[field].here)}" for field in telling[:2]]
    return " · ".join(parts)


def caption(table: Table) -> list[str]:
    """Return what a reader of the table must know, a sentence or two each."""
    reason = f" ({table.reason})" if table.reason else ""
    others = "; the other metrics describe" if len(table.metrics) > 1 else ""
    lines = [
        f"Ranked by {table.metrics[table.primary].label}{reason}{others}. Score: {_COUNTED[table.verdict.checkpoint]}. "
        f"Protocol {table.protocol_id}."
    ]
    lines += [*verdict_lines(table), *filter(None, [cost_line(table.rows)]), *_meanings(table)]
    if table.distinct:
        lines.append(f"Not comparable with the other tables, which differ in {differences(table.distinct)}.")
    lines += [f"Published {metric.upper()}: {text}." for metric, text in _sources(table).items()]
    return lines + [f"{note[:1].upper()}{note[1:]}." for note in table.notes]


def _meanings(table: Table) -> list[str]:
    estimates = [estimate for row in table.rows for estimate in row.estimates.values()]
    lines = []
    if any(each.deviation is not None for each in estimates):
        lines.append(
            "± is the spread over trainings (standard deviation over seeds), […] the mean's 95 % interval from it."
        )
    if any(each.sampling_error is not None for each in estimates):
        lines.append(f"(…) is the sampling error of one network{_sampling(table)}; training again moves a score more.")
    floors = [shown.floor for shown in table.metrics.values() if shown.floor]
    lines += [
        f"{REAL_IMAGES}: what a perfect generator would get, {floor.images:,} images ({floor.choice}) against "
        f"{floor.reference_images:,}."
        for floor in dict.fromkeys(floors[:1])
    ]
    if notes := _notes(table):
        lines.append(f"{MARK}: {'; '.join(notes)}.")
    return lines


def _notes(table: Table) -> list[str]:
    """Return the distinct notes of values; where runs have more than can be read, each is left to its own table."""
    shown: dict[str, None] = {}
    labels = []
    for key, metric in table.metrics.items():
        found = [row.estimates[key] for row in table.rows if key in row.estimates]
        notes = dict.fromkeys(note for each in found for note in each.notes)
        if sum(each.count for each in found) > 1 and len(notes) > _MOST_NOTES:
            labels.append(metric.label)
            notes = {note: None for note in notes if all(note in each.notes_of_all for each in found)}
        shown |= notes
    more = f"of {' and '.join(labels)} each run has notes of its own, which `ganzoo compare RUN` shows"
    return [*shown, *([more] if labels else [])]


def _sampling(table: Table) -> str:
    known = [each for row in table.rows for each in row.estimates.items() if each[1].sampling_error is not None]
    by_subject = dict.fromkeys(key for key, each in known if each.error_unit == "subject")
    if not by_subject:
        return ", of drawing other images from it"
    numbers = {each.subjects for key, each in known if key in by_subject}
    counts = " or ".join(f"{count:,}" for count in sorted(filter(None, numbers)))
    if all(key in by_subject for key, _ in known):
        return f" against these {counts} subjects, of drawing other images and subjects"
    labels = " and ".join(table.metrics[key].label for key in by_subject)
    return f", of drawing other images from it, and for {labels} other subjects than these {counts} too"


def differences(distinct: Mapping[str, Difference]) -> str:
    """Return the differing fields: `protocol.generated: 1,000 here, 5,000 there; ...`."""
    shown = []
    for field, found in list(distinct.items())[:_MOST_DIFFERENCES]:
        there = ", ".join(_brief(value) for value in found.there[:3]) + (", …" if len(found.there) > 3 else "")
        shown.append(f"{field}: {_brief(found.here)} here, {there} there")
    more = len(distinct) - len(shown)
    return "; ".join(shown) + (f"; and {more} more field{'s' * (more > 1)}" if more > 0 else "")


def _brief(value: object) -> str:
    return clip(value_text(value), 40)


def _sources(table: Table) -> dict[str, str]:
    found: dict[str, dict[str, None]] = {}
    for row in table.rows:
        for metric, published in row.published.items():
            if metric in table.metrics:
                otherwise = f" ({MARK} measured otherwise: {published.otherwise})" if published.otherwise else ""
                found.setdefault(metric, {})[published.source + otherwise] = None
    return {metric: "; ".join(sources) for metric, sources in found.items()}


def not_ranked(comparison: Comparison) -> dict[str, tuple[Unranked, ...]]:
    """Return the lists below the tables, by their headings; empty ones are left out."""
    lists = {
        "Unfinished": comparison.unfinished,
        "Not scored": comparison.unscored,
        "Unreadable": comparison.unreadable,
    }
    return {heading: runs for heading, runs in lists.items() if runs}


def unranked_text(run: Unranked) -> str:
    """Return a run that no table holds, in one line."""
    kimg = f" at {run.kimg:,.3g} kimg" if run.kimg else ""
    reason = f": {run.reason}" if run.reason else ""
    return f"{run.name} — {run.status}{kimg}{reason}"


NOTHING = "There is no score to compare yet. `ganzoo run RECIPE` ends with one; `ganzoo score RUN` makes one."
