"""Comparability of runs that were named to be ranked together: only under one dataset and one protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganzoo._leaderboard.choice import Choice
from ganzoo._leaderboard.leaderboard import setting_of
from ganzoo._leaderboard.record_fields import flatten, value_text
from ganzoo._leaderboard.rows import Entry, differing, latest
from ganzoo._runs.record import RunRecord, Score
from ganzoo.errors import RefusedError
from ganzoo.text import literal


def comparable(records: Sequence[RunRecord], choice: Choice | None = None) -> list[RunRecord]:
    """Return the records with only those scores whose protocol all scored ones of them share.

    Raises:
        RefusedError: They share none, or learned from different images; the message names the differing fields.
    """
    chosen = choice or Choice()
    scored = {index: found for index, record in enumerate(records) if (found := chosen.reported(record))}
    if len(scored) < 2:
        return list(records)
    common = _common(list(scored.values()))
    entries = [
        Entry(records[index], latest(found[min(common) if common else next(reversed(found))]))
        for index, found in scored.items()
    ]
    if fields := _telling(entries, bool(common)):
        raise RefusedError(_refusal(entries, fields))
    return [
        record.model_copy(update={"scores": tuple(s for s in record.scores if s.protocol_id in common)})
        if index in scored
        else record
        for index, record in enumerate(records)
    ]


def _common(scored: Sequence[Mapping[str, Sequence[Score]]]) -> set[str]:
    """Return the protocols that all runs share, without those where each metric of all has unlike settings."""
    shared = set.intersection(*(set(found) for found in scored))
    return {protocol for protocol in shared if not _settings_differ([found[protocol] for found in scored])}


def _settings_differ(runs: Sequence[Sequence[Score]]) -> bool:
    metrics = set.intersection(*({score.metric for score in scores} for scores in runs))
    ids = set.intersection(*({(score.metric, score.settings_id) for score in scores} for scores in runs))
    return bool(metrics) and not ids


def _settings(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return all that the entries must share, with the settings of the metrics that all have."""
    shared = [key for key in entries[0].scores if all(key in entry.scores for entry in entries)]
    return [
        setting_of(entry) | flatten({"metrics": {key: entry.scores[key].settings for key in shared}})
        for entry in entries
    ]


def _telling(entries: Iterable[Entry], one_protocol: bool) -> list[str]:
    """Return the fields that forbid a ranking; a dataset's name and counts only describe its fingerprint."""
    entries = list(entries)
    fields = differing(_settings(entries))
    deciding = ("dataset.fingerprint", "dataset.resolution", "dataset.channels", "dataset.label_dim")
    if one_protocol and not set(fields) & set(deciding):
        return []
    return fields or ["protocol_id"]


def _refusal(entries: Sequence[Entry], fields: Sequence[str]) -> str:
    lines = ["these runs cannot be ranked together, because their scores do not mean the same:"]
    settings = _settings(entries)
    for field in fields:
        seen: dict[str, list[str]] = {}
        for entry, context in zip(entries, settings, strict=True):
            seen.setdefault(value_text(context.get(field)), []).append(literal(entry.record.name))
        lines.append(f"  {field}: " + "; ".join(f"{value} ({_names(names)})" for value, names in seen.items()))
    lines.append("Score them under one protocol with `ganzoo score`, or compare their folder to see a table for each.")
    return "\n".join(lines)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
