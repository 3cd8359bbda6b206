"""Engine: where the cells of a sweep are computed. The run folders are the truth; an engine only says who works where.

`ganzoo run ... --resume` is idempotent and survives any kill, so that the work consists of attempts, and their exit
codes say all: 0 done (by whomever), 1 and 2 failed for good, 3 refused or held by another, 75 stopped after a
checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol


class Outcome(Enum):
    """How an attempt ended."""

    DONE = "done"
    FAILED = "failed"
    HELD = "held"
    STOPPED = "stopped"
    KILLED = "killed"


_BY_EXIT_CODE = {0: Outcome.DONE, 1: Outcome.FAILED, 2: Outcome.FAILED, 3: Outcome.HELD, 75: Outcome.STOPPED}
# What a shell, and a cell that got a second signal, end with: 128 + SIGINT, SIGTERM.
_BY_SIGNAL = {130: Outcome.STOPPED, 143: Outcome.STOPPED, -2: Outcome.STOPPED, -15: Outcome.STOPPED}


def outcome_of(exit_code: int) -> Outcome:
    """Return what the exit code of `ganzoo run --resume` says; negative ones are signals.

    `HELD` is also what a refusal reads as that no waiting mends: whoever hands out cells looks at the run.
    """
    return _BY_EXIT_CODE.get(exit_code) or _BY_SIGNAL.get(exit_code) or Outcome.KILLED


@dataclass(frozen=True)
class Attempt:
    """One try to compute a cell.

    Attributes:
        name: Name of the cell's run: no two attempts of one name are under way at a time.
        command: Words of the command, the first of them `ganzoo`.
        environment: Variables that it gets on top: the number of threads.
        log: File that takes what it prints, at the end of what is there.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None


@dataclass(frozen=True)
class Ended:
    """An attempt that is over.

    Attributes:
        name: As the attempt's.
        exit_code: Of the command; negative: the signal that ended it.
        where: Where it was, for people: a slot or a node; empty: here.
        reason: What the engine itself knows of its end: a node that was lost.
    """

    name: str
    exit_code: int
    where: str = ""
    reason: str = ""


class Engine(Protocol):
    """Takes attempts and says how they ended. It never looks into runs, and needs not survive: they do."""

    @property
    def slots(self) -> int:
        """How many attempts may be under way at a time."""

    def start(self, attempt: Attempt) -> str:
        """Begin an attempt without waiting for it; return where, for people. Called while a slot is free."""

    def wait(self, seconds: float) -> Sequence[Ended]:
        """Return the attempts that have ended, after the first one that does, or after so many seconds."""

    def stop(self) -> None:
        """Ask all attempts to stop after a checkpoint; `wait` then returns them. Asked again: to end at once."""

    def close(self) -> None:
        """Let go of what the engine holds. Attempts that are still under way are left to themselves."""
