"""Captions of values by class: which classes are shown, what their errors are, of how many images they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ganzoo._leaderboard.columns import MARK
from ganzoo._leaderboard.record_fields import NONE
from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.tables import ShownClass, Table
from ganzoo._runs.plain_data import ClassScore


def captions(table: Table, metric: str, chosen: Sequence[ShownClass]) -> Iterator[str]:
    """Yield what a reader must know, a sentence or two each.

    Args:
        table: The table.
        metric: Whose values are shown.
        chosen: The classes that are shown.
    """
    every, rows = table.classes[metric].classes, [row.by_class[metric] for row in table.rows if metric in row.by_class]
    found = [row[each.number] for row in rows for each in chosen]
    if len(chosen) < len(every):
        best = len(chosen) // 2
        yield (
            f"The {len(chosen) - best} worst and the {best} best of {len(every):,} classes, by the mean over the rows, "
            f"worst first; all of them: ganzoo compare RUNS --classes."
        )
    floors = [each.floor for each in chosen if each.floor]
    yield f"By class, nothing is ranked. {_errors(found, floors)}"
    counts = f"{_span([each.generated for each in every])} images generated{_real(every)}"
    yield f"Each class: {counts}. Protocol {table.protocol_id}."
    if notes := dict.fromkeys(note for noted in (found, floors) for each in noted for note in each.notes):
        yield f"{MARK}: {'; '.join(notes)}."
    if len(rows) < len(table.rows):
        yield f"{NONE}: not known by class; ganzoo score RUN scores again."


def _errors(found: Sequence[Estimate], floors: Sequence[ClassScore]) -> str:
    """Say what the errors are of, and that they are those of single classes."""
    told = []
    if seeds := [each.count for each in found if each.deviation is not None]:
        told.append(f"± is the spread over trainings (standard deviation over {_span(seeds)} seeds)")
    alone = any(each.deviation is None and each.sampling_error is not None for each in found)
    if alone or any(each.standard_error is not None for each in floors):
        subjects = " and subjects" if any(each.error_unit == "subject" for each in found) else ""
        told.append(f"(…) is the sampling error of one network, of drawing other images{subjects}")
    if not told:
        return "Their errors are not known."
    return f"{' and '.join(told)}, of each class by itself; the more classes, the more lie far out by chance."


def _span(counts: Sequence[int]) -> str:
    """Return `80`, or `71 to 93`."""
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _real(classes: Sequence[ShownClass]) -> str:
    counts = [each.reference_images for each in classes if each.reference_images is not None]
    return f", {_span(counts)} real ones" if counts else ""
