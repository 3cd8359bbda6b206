"""Stopwatch: what a stretch of work took of the clock and of the processors, and how long other programs held it up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

_SCHEDULER = Path("/proc/self/schedstat")  # of the main thread: ns it ran, ns it stood in line for a processor, turns


@dataclass(frozen=True)
class Taken:
    """Seconds that some work took.

    Attributes:
        clock: From its beginning to its end.
        processors: Of all processors together.
        waited: How long its main thread was ready and another program had the processor; 0 where no one counts that.
    """

    clock: float
    processors: float
    waited: float

    @property
    def undisturbed(self) -> float:
        """By the clock, had the processors been free. Threads that had to wait for one another still count."""
        return max(self.clock - self.waited, 1e-9)


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._began = _now()

    def read(self) -> Taken:
        """Return what was taken since then."""
        return Taken(*(now - before for now, before in zip(_now(), self._began, strict=True)))


def _now() -> tuple[float, float, float]:
    return time.perf_counter(), time.process_time(), _waited()


def _waited() -> float:
    try:
        return int(_SCHEDULER.read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):  # another system than Linux, or a kernel that does not count
        return 0.0
