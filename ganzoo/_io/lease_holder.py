"""Lease holder: who owns a folder by lease, as its newest lease says, and whether it shows signs of life."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from ganzoo._io.regular_file import read_regular
from ganzoo.text import literal

BEAT = "beat"
BEAT_S = 10.0
MISSED_BEATS = 3
LEASE = re.compile(r"\d{10}")
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Holder:
    """Who owns or owned a folder: what the newest lease says.

    Attributes:
        number: The lease's number; 0 where there was never one.
        staging: The owner's staging folder; None where the lease names none.
        beat_s: Seconds between its heartbeats.
        text: The owner for a message: `process 12 on gpu3, since ...`.
        pid: Its process, 0 where that is not known.
        host: Its machine.
        boot_id: Since which start of it.
    """

    number: int
    staging: Path | None
    beat_s: float
    text: str
    pid: int = 0
    host: str = ""
    boot_id: str = ""

    @property
    def holds(self) -> bool:
        """Whether it neither let go nor was taken over. It may be dead."""
        return self.staging is not None and self.staging.is_dir()


def newest_lease(folder: Path) -> Holder:
    """Return the newest lease in a folder of leases."""
    try:
        number = max((int(name) for name in os.listdir(folder) if LEASE.fullmatch(name)), default=0)
    except FileNotFoundError:
        number = 0
    nobody = Holder(number, None, BEAT_S, "another process")
    try:
        found = json.loads(read_regular(lease_path(folder, number), 4096)) if number else None
        if not isinstance(found, dict) or not _TOKEN.fullmatch(str(found["staging"])):
            return nobody
        pid, host, since = int(found["pid"]), str(found["host"]), literal(str(found["since"]))
        beat_s = min(max(float(found["beat_s"]), 0.01), 3600.0)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return nobody
    text = f"process {pid} on {literal(host)}, since {since}"
    return Holder(number, folder / str(found["staging"]), beat_s, text, pid, host, str(found.get("boot_id", "")))


def staging_folders(folder: Path) -> list[Path]:
    """Return the staging folders in a folder of leases, whoever made them."""
    return [folder / name for name in os.listdir(folder) if _TOKEN.fullmatch(name)]


_looks: dict[Path, tuple[bytes | None, int, float]] = {}


def seems_alive(holder: Holder) -> bool:
    """Whether an owner holds its lease, and has not missed its beats over the calls so far; the first says yes."""
    if holder.staging is None or not holder.holds:
        return False
    content, now = beat_of(holder.staging), time.monotonic()
    before, missed, looked = _looks.get(holder.staging, (None, 0, now))
    if content != before:
        missed, looked = 0, now
    elif now - looked >= holder.beat_s:
        missed, looked = missed + 1, now
    _looks[holder.staging] = content, missed, looked
    return missed < MISSED_BEATS


def beat_of(staging: Path) -> bytes | None:
    """Return what a heartbeat is at, None where it cannot be read."""
    try:
        return read_regular(staging / BEAT, 4096)
    except OSError:
        return None


def lease_path(folder: Path, number: int) -> Path:
    """Return the file of the lease of a number in a folder of leases."""
    return folder / f"{number:010d}"
