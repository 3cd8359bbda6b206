"""Variants of a metric: scores of one metric under unlike settings, which must not share a column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ganzoo._leaderboard.record_fields import flatten, value_text
from ganzoo._runs.record import Score


def told_apart(runs: Sequence[Sequence[Score]]) -> list[list[Score]]:
    """Return each run's scores; where a metric has several settings, key and label name those that differ."""
    found: dict[str, dict[str, Score]] = defaultdict(dict)
    for score in (score for scores in runs for score in scores):
        found[score.metric][score.settings_id] = score
    names = {
        (metric, settings_id): name
        for metric, variants in found.items()
        if len(variants) > 1
        for settings_id, name in _names(variants).items()
    }
    return [[_named(score, names.get((score.metric, score.settings_id))) for score in scores] for scores in runs]


def _names(variants: dict[str, Score]) -> dict[str, str]:
    flats = {key: flatten(score.settings) for key, score in variants.items()}
    fields = dict.fromkeys(field for flat in flats.values() for field in flat)
    telling = [field for field in fields if len({value_text(flat.get(field)) for flat in flats.values()}) > 1]
    return {
        key: ", ".join(f"{field}={value_text(flat.get(field))}" for field in telling) for key, flat in flats.items()
    }


def _named(score: Score, name: str | None) -> Score:
    if name is None:
        return score
    return score.model_copy(update={"metric": f"{score.metric} ({name})", "label": f"{score.label} ({name})"})


def own_key(metric: str) -> str:
    """Return a metric's key without the mark of its variant."""
    return metric.partition(" (")[0]


def in_order(runs: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return all metrics in the order in which the runs list them; where those disagree, by the mean place."""
    places: dict[str, list[int]] = defaultdict(list)
    for metrics in runs:
        for place, metric in enumerate(metrics):
            places[metric].append(place)
    return tuple(sorted(places, key=lambda key: (sum(places[key]) / len(places[key]), -len(places[key]))))
