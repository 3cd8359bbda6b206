"""Class text: a score's values by class in one line."""

from __future__ import annotations

import statistics

from ganzoo._runs.plain_data import ClassScore
from ganzoo._runs.record import Score
from ganzoo._runs.score_text import class_name, decimals_for, number_text

_MOST_CLASSES = 12
_HALF = _MOST_CLASSES // 2


def class_text(score: Score) -> str:
    """Return `by class: cat 205 (14), dog 212 (13)`; of more than 12 classes the worst and the best."""
    found, decimals = score.by_class, _decimals(score)
    if len(found) <= _MOST_CLASSES:
        return f"by class: {', '.join(_text(each, score.scale, decimals) for each in found)}"
    sign = -1 if score.lower_is_better else 1
    ordered = [_text(each, score.scale, decimals) for each in sorted(found, key=lambda each: sign * each.value)]
    worst, best = ", ".join(ordered[:_HALF]), ", ".join(ordered[-_HALF:])
    return f"by class, of {len(found):,} the worst: {worst}; the best: {best}"


def _decimals(score: Score) -> int:
    """Return decimals that show the median error: of so many, the smallest is tiny by chance."""
    errors = [each.standard_error * score.scale for each in score.by_class if each.standard_error]
    values = [each.value * score.scale for each in score.by_class]
    return decimals_for(values, [statistics.median(errors)] if errors else [])


def _text(each: ClassScore, scale: float, decimals: int) -> str:
    error = "" if each.standard_error is None else f" ({number_text(each.standard_error * scale, decimals)})"
    notes = f" [{', '.join(each.notes)}]" if each.notes else ""
    return f"{class_name(each.number, each.name)} {number_text(each.value * scale, decimals)}{error}{notes}"
