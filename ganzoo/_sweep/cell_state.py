"""Cell state: how far a cell is, read from its run's folder alone, without the parts and in little time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ganzoo._io.lock import holder_of
from ganzoo._io.regular_file import read_regular
from ganzoo._runs.signed_json import unseal
from ganzoo.errors import GanzooError

CellStatus = Literal["done", "running", "stopped", "failed", "left"]
_GAP = 3  # removed attempts that are looked past


@dataclass(frozen=True)
class CellState:
    """How far a cell is.

    Attributes:
        status: `stopped` has a folder, and nobody works on it; `left` has none.
        folder: The run's folder; None while there is none.
        images_seen: By its newest checkpoint.
        total_images: Length of its training; 0 where it is not known yet.
        seconds: Spent training up to there.
        holder: Who works on it.
        reason: Why it failed, or was stopped.
        recorded: Newest moment of its record, in seconds since 1970; 0 where there is none.
    """

    status: CellStatus
    folder: Path | None = None
    images_seen: int = 0
    total_images: int = 0
    seconds: float = 0.0
    holder: str = ""
    reason: str = ""
    recorded: float = 0.0


LEFT = CellState("left")


def state_of(runs: Path, name: str, seed: int, asked: str) -> CellState:
    """Return the state of the newest run in `runs` that was asked for so."""
    for folder in reversed(list(_attempts(runs, f"{name}-s{seed}"))):
        try:
            record = json.loads(unseal(read_regular(folder / "record.json"), folder))
        except (OSError, GanzooError, ValueError):
            continue  # whoever computes the cell is told
        if record.get("asked") == asked:
            return _state(folder, record)
    return LEFT


def _attempts(runs: Path, base: str) -> Iterator[Path]:
    """Yield the folders `<base>`, `<base>-2`, ... in that order, without listing all runs."""
    missing, attempt = 0, 1
    while missing < _GAP:
        folder = runs / (base if attempt == 1 else f"{base}-{attempt}")
        if folder.is_dir():
            yield folder
        else:
            missing += 1
        attempt += 1


def _state(folder: Path, record: dict[str, Any]) -> CellState:
    holder = holder_of(folder / "run.lock", folder / "leases")
    training = record.get("recipe", {}).get("training", {})
    return CellState(
        status=_status(record, holder),
        folder=folder,
        images_seen=int(record.get("images_seen", 0)),
        total_images=_total(record, training),
        seconds=float(record.get("seconds", 0)),
        holder=holder or "",
        reason=str(record.get("message", "")),
        recorded=(folder / "record.json").stat().st_mtime,
    )


def _total(record: dict[str, Any], training: dict[str, Any]) -> int:
    """Return the length of a training, by the pace so far where hours end it."""
    seen, seconds, hours = record.get("images_seen", 0), record.get("seconds", 0), training.get("most_hours")
    if hours:
        return round(seen * max(1.0, 3600 * hours / seconds)) if seconds else 0
    return round(1000 * (training.get("total_kimg") or 0))


def _status(record: dict[str, Any], holder: str | None) -> CellStatus:
    if holder:
        return "running"
    match record.get("status"):
        case "finished":
            return "done" if record.get("answered") == record.get("asked") else "stopped"
        case "diverged" | "failed":
            return "failed"
    return "stopped"
