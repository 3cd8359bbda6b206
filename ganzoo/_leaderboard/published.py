"""Published values of a row, each with its source and with what was measured otherwise there than here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
            said = "" if score is None else "; ".join(_otherwise(entry, metric, score, record))
            found[metric] = Published(float(value), str(entry.get("source", "")), said)
    return found


def _otherwise(entry: Mapping[str, Any], metric: str, score: Score, record: RunRecord) -> Iterator[str]:
    theirs, ours = entry.get("scoring"), score.protocol
    if not isinstance(theirs, dict):
        yield "its protocol is not stated"
        return
    if score.label != metric.upper():
        yield f"{metric.upper()}'s own features, here {score.label}"
    if score.dataset is not None:
        yield f"its own dataset, here {score.dataset.name}"
    yield from _of_counts(theirs, ours, record)
    for subject, state in _CONDITIONS:
        if (there := state(theirs)) != (here := state(ours)):
            yield f"{subject} {there}, here {here}"
    if text := theirs.get("otherwise"):
        yield str(text)


def _of_counts(theirs: Mapping[str, Any], ours: Mapping[str, Any], record: RunRecord) -> Iterator[str]:
    every = record.dataset.images.get(str(ours.get("split"))) if record.dataset else ours.get("reference_images")
    for key, what, default in (("generated", "generated", None), ("reference_images", "real", every)):
        if isinstance(count := theirs.get(key, default), int) and count != ours.get(key):
            yield f"{count:,} {what} images, here {_count(ours.get(key))}"


def _count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "not known"


def _mirrored(said: Mapping[str, Any]) -> str:
    return "mirrored at random" if said.get("mirror") else "not mirrored"


def _pulled(said: Mapping[str, Any]) -> str:
    psi, cutoff = said.get("truncation_psi", 1.0), said.get("truncation_cutoff")
    if psi == 1.0:
        return "not truncated"
    return f"truncated at psi {psi}" + ("" if cutoff is None else f" up to layer {cutoff}")


def _truncated(said: Mapping[str, Any]) -> str:
    threshold = said.get("truncation_threshold")
    return f"truncated at {threshold:g}" if isinstance(threshold, int | float) else "not truncated"


def _noise(said: Mapping[str, Any]) -> str:
    """Return the kind of noise without how it is seeded, which is ours."""
    return str(said.get("noise", "random")).partition(",")[0]


# What a published protocol may state, or has as all do, as a protocol of ours has it, and how that is said.
_CONDITIONS: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("split", lambda said: str(said.get("split", "train"))),
    ("real images", _mirrored),
    ("weights", lambda said: str(said.get("weights", "ema"))),
    ("styles", _pulled),
    ("latents", _truncated),
    ("noise", _noise),
)
