"""Published values of a row, each with its source and with what was measured otherwise there than here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ganzoo._runs.record import RunRecord, Score


class Published(NamedTuple):
    """A value from a paper.

    Attributes:
        value: The value, in the metric's own units.
        source: Paper and table.
        otherwise: What its protocol has otherwise than this table's scores, in words; empty: nothing that is known.
    """

    value: float
    source: str
    otherwise: str = ""


def published_values(record: RunRecord, scores: Mapping[str, Score]) -> dict[str, Published]:
    """Return the published values of a run's recipe by metric, beside these scores."""
    found, table = {}, record.recipe.get("published")
    for metric, entry in (table if isinstance(table, dict) else {}).items():
        if isinstance(entry, dict) and isinstance(value := entry.get("value"), int | float):
            score = next((each for each in scores.values() if each.metric == metric), None)
            found[metric] = Published(float(value), str(entry.get("source", "")), _otherwise(entry, metric, score))
    return found


def _otherwise(entry: Mapping[str, Any], metric: str, score: Score | None) -> str:
    theirs = entry.get("scoring")
    if score is None:
        return ""
    if not isinstance(theirs, dict):
        return "its protocol is not stated"
    ours, said = score.protocol, list[str]()
    if score.label != metric.upper():
        said.append(f"{metric.upper()}'s own features, here {score.label}")
    for key, what in (("generated", "generated"), ("reference_images", "real")):
        if isinstance(count := theirs.get(key), int) and count != ours.get(key):
            said.append(f"{count:,} {what} images, here {_count(ours.get(key))}")
    if (mirrored := bool(theirs.get("mirror"))) != bool(ours.get("mirror", False)):
        said.append(f"real images {_mirrored(mirrored)}, here {_mirrored(not mirrored)}")
    return "; ".join([*said, *filter(None, [str(theirs.get("otherwise", ""))])])


def _count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "not known"


def _mirrored(value: bool) -> str:
    return "mirrored at random" if value else "not mirrored"
