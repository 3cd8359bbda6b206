"""Captions of judges: why a row has no rank where its training read the features that it is scored in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ganzoo._leaderboard.rows import Entry
from ganzoo._leaderboard.tables import Row
from ganzoo._runs.features_read import judge_among


def judge_notes(rows: Sequence[Row], entries: Sequence[Entry]) -> Iterator[str]:
    """Yield a sentence for each row that has no rank for that reason, with the extractors that would give it one."""
    for row in rows:
        if row.judge_read:
            others = ", ".join(_others(row, entries))
            also = f", as its scores by {others} do" if others else ""
            yield (
                f"no rank for {row.recipe}: its training read the features of {row.judge_read}, so that scores in them "
                f"say nothing of its images; those by another extractor rank (ganzoo score RUN --set "
                f"scoring.extractor.name=NAME){also}"
            )


def _others(row: Row, entries: Sequence[Entry]) -> list[str]:
    """Return the extractors that the row's runs were scored by and did not read."""
    records = [entry.record for entry in entries if entry.record.name in row.runs]
    found = {
        str(score.protocol.get("extractor"))
        for record in records
        for score in record.scores
        if score.purpose == "report" and judge_among(record.features_read, score.protocol) is None
    }
    return sorted(found)
