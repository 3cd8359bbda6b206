"""Slurm's time: limits as sbatch takes them, and how long before their end a cell is told to stop."""

from __future__ import annotations

import re

from ganzoo.errors import GanzooError

_LONGEST_NOTICE_SECONDS = 120
_WITHOUT_END = frozenset({"infinite", "unlimited", "0", "-1"})


def limit_seconds(text: str) -> int | None:
    """Return a time as sbatch takes it (`90` minutes, `90:00`, `4:00:00`, `1-12`, `1-12:30`); None for no limit.

    Raises:
        GanzooError: It is none.
    """
    if text.lower() in _WITHOUT_END:
        return None
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", text)
    if match is None:
        raise GanzooError(f"--slurm-option time={text}: give a time such as 90 (minutes), 4:00:00 or 1-12:00:00")
    days, first, second, third = (int(part) if part else 0 for part in match.groups())
    if match[1]:
        return 86400 * days + 3600 * first + 60 * second + third
    return 3600 * first + 60 * second + third if match[4] else 60 * first + second


def notice_seconds(limit: int | None) -> int:
    """Return how long before the end of its time a cell is told: two minutes, of short times a quarter.

    With two minutes' notice of a time of one minute every job would stop as soon as it begins, and be queued for ever.
    """
    return _LONGEST_NOTICE_SECONDS if limit is None else max(1, min(_LONGEST_NOTICE_SECONDS, limit // 4))
