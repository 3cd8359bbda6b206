"""Forgotten scores: a record without those of one protocol."""

from __future__ import annotations

from ganzoo._runs.record import RunRecord, Score
from ganzoo.errors import GanzooError
from ganzoo.text import literal

_LEAST_CHARACTERS = 4


def without_scores(record: RunRecord, protocol: str, at: int | None = None) -> tuple[RunRecord, tuple[Score, ...]]:
    """Return the record without the scores of one protocol, and these scores.

    Args:
        record: The record.
        protocol: The protocol's hash, as tables print it, or at least four characters that it begins with.
        at: Only those of the generator kept at this many images seen; None: all.

    Raises:
        GanzooError: No score is of that protocol, or it is not clear which one is meant.
    """
    protocol_id = _meant(record, protocol)
    of_it = [score for score in record.scores if score.protocol_id == protocol_id]
    forgotten = tuple(score for score in of_it if at in (None, score.images_seen))
    if not forgotten:
        places = ", ".join(f"{each:,}" for each in dict.fromkeys(score.images_seen for score in of_it))
        raise GanzooError(
            f"{literal(record.name)} has no score of protocol {protocol_id} at {at:,} images seen, only at {places}"
        )
    kept = tuple(score for score in record.scores if score not in forgotten)
    return record.model_copy(update={"scores": kept}), forgotten


def _meant(record: RunRecord, protocol: str) -> str:
    known = list(dict.fromkeys(score.protocol_id for score in record.scores))
    found = [each for each in known if each.startswith(protocol)]
    if protocol in known:
        return protocol
    if len(found) == 1 and len(protocol) >= _LEAST_CHARACTERS:
        return found[0]
    name, listed = literal(record.name), ", ".join(known) or "no scores"
    if found:
        raise GanzooError(f"'{literal(protocol)}' does not say which scores to forget: {name} has {listed}")
    raise GanzooError(f"{name} has no score of a protocol that begins with '{literal(protocol)}'; it has {listed}")
