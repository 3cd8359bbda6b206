"""Sweep folder: what a sweep keeps beside its runs, `<name>.sweep`: plan, failures and why, what cells printed."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ganzoo._io.atomic import atomic_write, remove_tree
from ganzoo._io.regular_file import read_regular
from ganzoo._runs.signed_json import seal, unseal
from ganzoo._runs.sweep_mark import ENDING, FAILED, PLAN
from ganzoo.errors import GanzooError
from ganzoo.text import clip

_LONGEST_REASON = 600
_MOST_LOG_BYTES = 64 * 1024


@dataclass(frozen=True)
class Failure:
    """Why a cell failed for good.

    Attributes:
        asked: Hash of what was asked for then: a cell that is asked for otherwise has not failed.
        exit_code: Of its last attempt.
        reason: The error, as it was told.
        when: The moment, in UTC.
        where: The machine.
    """

    asked: str
    exit_code: int
    reason: str
    when: str
    where: str


class SweepFolder:
    """The folder of one sweep. Any number of processes may write to it: each file is whole, and the last one counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plan = path / PLAN
        self._failed = path / FAILED

    @classmethod
    def of(cls, runs: Path, name: str) -> SweepFolder:
        """Return the folder of the sweep of this name beside the runs in `runs`."""
        return cls(runs / f"{name}{ENDING}")

    def log(self, run_name: str) -> Path:
        """Return the file of what a cell prints."""
        return self.path / "logs" / f"{run_name}.txt"

    def failure(self, run_name: str, asked: str) -> Failure | None:
        """Return why a cell failed for good, or None where it did not."""
        body = self.read(self._failed / f"{run_name}.json")
        if body is None or body.get("asked") != asked:
            return None
        return Failure(asked, int(body["exit_code"]), str(body["reason"]), str(body["when"]), str(body["where"]))

    def note_failure(self, run_name: str, asked: str, exit_code: int, reason: str) -> None:
        """Keep why a cell failed, for all who work on the sweep."""
        body = {"asked": asked, "exit_code": exit_code, "reason": reason, "when": now(), "where": socket.gethostname()}
        atomic_write(self._failed / f"{run_name}.json", seal(body))

    def forget_failures(self) -> None:
        """Make way for another try of all that failed."""
        if self._failed.is_dir():
            remove_tree(self._failed)

    def read(self, path: Path) -> dict[str, Any] | None:
        """Return what a file of the folder holds; None where it is missing.

        Raises:
            RunError: It is damaged.
        """
        try:
            return dict(json.loads(unseal(read_regular(path), path)))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise GanzooError(f"{path} cannot be read: {error}") from error

    def write(self, name: str, body: Mapping[str, Any]) -> None:
        """Write a file of the folder, sealed by a checksum."""
        atomic_write(self.path / name, seal(body))


def now() -> str:
    """Return the moment in UTC, to the second, as ISO 8601 writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def size_of(log: Path) -> int:
    """Return the length of a log in bytes; 0 where there is none."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def told_in(log: Path, start: int) -> str:
    """Return the error that a log ends with, from a position on: what follows its last `error:`, else its last line."""
    try:
        with log.open("rb") as file:
            file.seek(max(start, size_of(log) - _MOST_LOG_BYTES))
            text = file.read(_MOST_LOG_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    marked = [number for number, line in enumerate(lines) if line.startswith(("error: ", "stopped: "))]
    told = lines[marked[-1] :] if marked else lines[-1:]
    return clip("\n".join(told).removeprefix("error: "), _LONGEST_REASON)
