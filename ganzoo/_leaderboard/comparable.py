"""Runs that were named to be ranked against each other: only under one data set and one protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ganzoo._leaderboard.leaderboard import reported, setting_of
from ganzoo._leaderboard.record_fields import parse_condition, value_text
from ganzoo._leaderboard.rows import Entry, differing, latest
from ganzoo._runs.record import RunRecord
from ganzoo.errors import RefusedError
from ganzoo.text import literal


def comparable(records: Sequence[RunRecord], where: Sequence[str] = ()) -> list[RunRecord]:
    """Return the records with only those scores whose protocol all scored ones of them share.

    Raises:
        RefusedError: They share none, or learned from different images; the message names the differing fields.
    """
    conditions = [
        (field.removeprefix("protocol."), value)
        for field, value in map(parse_condition, where)
        if field.startswith("protocol.")
    ]
    scored = {index: found for index, record in enumerate(records) if (found := reported(record, conditions))}
    if len(scored) < 2:
        return list(records)
    common = set.intersection(*(set(found) for found in scored.values()))
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


def _telling(entries: Iterable[Entry], one_protocol: bool) -> list[str]:
    """Return the fields that forbid a ranking; a data set's name and counts only describe its fingerprint."""
    entries = list(entries)
    fields = differing([setting_of(entry) for entry in entries])
    deciding = ("dataset.fingerprint", "dataset.resolution", "dataset.channels", "dataset.label_dim")
    if one_protocol and not set(fields) & set(deciding):
        return []
    return fields or ["protocol_id"]


def _refusal(entries: Sequence[Entry], fields: Sequence[str]) -> str:
    lines = ["these runs cannot be ranked together, because their scores do not mean the same:"]
    settings = [setting_of(entry) for entry in entries]
    for field in fields:
        seen: dict[str, list[str]] = {}
        for entry, context in zip(entries, settings, strict=True):
            seen.setdefault(value_text(context.get(field)), []).append(literal(entry.record.name))
        lines.append(f"  {field}: " + "; ".join(f"{value} ({_names(names)})" for value, names in seen.items()))
    lines.append("Score them under one protocol with `ganzoo score`, or compare their folder to see a table for each.")
    return "\n".join(lines)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
