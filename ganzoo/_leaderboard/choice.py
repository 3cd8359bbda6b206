"""Choice of runs and scores: what `--where` and `--protocol` keep, and what is said where they keep nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ganzoo._leaderboard.record_fields import (
    MISSING,
    Condition,
    flatten,
    lookup,
    meets,
    parse_condition,
    require_known,
    value_text,
    walk,
)
from ganzoo._runs.record import RunRecord, Score
from ganzoo.errors import GanzooError
from ganzoo.text import clip, did_you_mean, literal

_OF_SCORES = ("protocol.", "scoring.")
_MOST_VALUES = 8


@dataclass(frozen=True)
class Choice:
    """What was asked for.

    Attributes:
        runs: Conditions on runs, all of which are met.
        scores: Conditions on scores: `protocol.generated`, or `scoring.generated`, which is the same; `scoring.metrics`
            is the metric.
        protocol: Beginning of a protocol's hash, as tables print it.
    """

    runs: tuple[Condition, ...] = ()
    scores: tuple[Condition, ...] = ()
    protocol: str = ""

    @classmethod
    def of(cls, where: Sequence[str], protocol: str | None = None) -> Choice:
        """Read conditions as they are written.

        Raises:
            GanzooError: One is not `field=value`.
        """
        conditions = [parse_condition(text) for text in where]
        of_scores = [each for each in conditions if each[0].startswith(_OF_SCORES)]
        return cls(
            tuple(each for each in conditions if each not in of_scores), tuple(of_scores), (protocol or "").strip()
        )

    @property
    def of_scores(self) -> bool:
        """Whether scores are chosen, not only runs."""
        return bool(self.scores or self.protocol)

    def runs_of(self, records: Sequence[RunRecord]) -> list[RunRecord]:
        """Return the runs that meet all conditions on runs.

        Raises:
            GanzooError: None does, or no run has such a field.
        """
        kept = list(records)
        for field, wanted in self.runs:
            require_known(field, kept)
            met = [record for record in kept if meets(lookup(record, field), wanted)]
            if not met:
                found = [lookup(record, field) for record in kept]
                raise GanzooError(f"no run has {literal(f'{field}={wanted}')}; {_values(field, found)}.")
            kept = met
        return kept

    def reported(self, record: RunRecord) -> dict[str, list[Score]]:
        """Return a run's chosen scores by protocol, without those that only chose a snapshot."""
        found: dict[str, list[Score]] = defaultdict(list)
        for score in _reports([record]):
            if score.protocol_id.startswith(self.protocol) and all(
                meets(_of_score(score, field), wanted) for field, wanted in self.scores
            ):
                found[score.protocol_id].append(score)
        return found

    def require_scores(self, records: Sequence[RunRecord]) -> None:
        """Raise GanzooError where there are scores, and none of them was chosen."""
        kept = _reports(records)
        if not kept or not self.of_scores or any(self.reported(record) for record in records):
            return
        for field, wanted in self.scores:
            found = [_of_score(score, field) for score in kept]
            if all(value is MISSING for value in found):
                section = field.partition(".")[0]
                known = {f"{section}.{key}" for score in kept for key in flatten(score.protocol)}
                raise GanzooError(f"no score has a field '{literal(field)}'{did_you_mean(field, sorted(known))}.")
            kept = [score for score, value in zip(kept, found, strict=True) if meets(value, wanted)]
            if not kept:
                raise GanzooError(f"no score has {literal(f'{field}={wanted}')}; {_values(field, found)}.")
        ids = dict.fromkeys(score.protocol_id for score in kept)
        raise GanzooError(
            f"no score has a protocol that begins with '{literal(self.protocol)}'; there are {', '.join(ids)}."
        )


def _reports(records: Iterable[RunRecord]) -> list[Score]:
    return [score for record in records for score in record.scores if score.purpose == "report"]


def _of_score(score: Score, field: str) -> Any:
    key = field.partition(".")[2]
    return score.metric if field == "scoring.metrics" else walk(score.protocol, key)


def _values(field: str, found: Iterable[Any]) -> str:
    """Say which values there are: `loss is hinge or logistic`."""
    flat = [each for value in found for each in (value if isinstance(value, list) and value else [value])]
    texts = list(dict.fromkeys(clip(value_text(value), 40) for value in flat if value is not MISSING))
    shown = texts[:_MOST_VALUES] + ([f"{len(texts) - _MOST_VALUES} others"] if len(texts) > _MOST_VALUES else [])
    listed = " or ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else "unknown"
    return f"{literal(field)} is {listed} here"
