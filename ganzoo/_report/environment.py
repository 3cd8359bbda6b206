"""Environment: with which versions, on which machines and from which commits runs were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ganzoo._leaderboard.record_fields import machine
from ganzoo._report.page_table import PageTable, text_lines
from ganzoo._report.without_places import without_places
from ganzoo._runs.record import RunRecord

_NONE = "not known"


def environment_table(records: Sequence[RunRecord]) -> PageTable | None:
    """Return what the runs share, and values in which they differ with how many runs have each; None without runs."""
    if not records:
        return None
    facts = [_facts(record) for record in records]
    keys = list(dict.fromkeys(key for each in facts for key in each))
    rows = [(key, _values([each.get(key, _NONE) for each in facts])) for key in keys]
    return PageTable("environment", "Versions and machines", ("what", "value"), text_lines(rows))


def _facts(record: RunRecord) -> dict[str, str]:
    hardware = record.hardware
    commit = (record.git or {}).get("commit")
    found = {
        "machine": machine(record),
        "device": record.device,
        "processor": str(hardware.get("machine", "")),
        "system": str(hardware.get("system", "")).partition(" ")[0],
        "CUDA": str(hardware.get("cuda", "")),
        "commit": str(commit)[:12] if commit else "",
    }
    found |= {f"{name} (plugin)": version for name, version in record.plugins.items()}
    found |= dict(record.versions)
    return {key: without_places(value) for key, value in found.items() if value}


def _values(values: Sequence[str]) -> str:
    counts: Mapping[str, int] = {value: values.count(value) for value in dict.fromkeys(values)}
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{value} ({count} run{'s' * (count != 1)})" for value, count in counts.items())
