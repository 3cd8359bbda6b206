"""What people read: lines, bars and errors; plain where it is not a terminal."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ganzoo._io.atomic import AppendFile
from ganzoo.errors import GanzooError, RunStopped
from ganzoo.text import literal

PLAIN_INTERVAL_SECONDS = 5.0
_PACE_SECONDS = 30.0


def print_error(error: GanzooError) -> None:
    """Print an error as people read it, foreign text literally, on standard error."""
    word, style = ("stopped", "bold yellow") if isinstance(error, RunStopped) else ("error", "bold red")
    lines = [literal(line) for line in str(error).splitlines()]
    Console(stderr=True, soft_wrap=True, highlight=False).print(
        Text(f"{word}: ", style), Text("\n".join(lines)), sep=""
    )


class Terminal:
    """Tells a person what happens, and writes the same lines to the run's log once there is one."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._log: AppendFile | None = None
        self._early: list[str] = []

    def log_to(self, path: Path) -> None:
        """Write all lines, earlier ones too, to this file from now on."""
        self._log = AppendFile(path)
        for line in self._early:
            self._log.append(line.encode("utf-8", "backslashreplace"))
        self._early = []

    def say(self, text: str) -> None:
        """Print a line, literally."""
        shown = "\n".join(literal(line) for line in text.splitlines())
        self.console.print(Text(shown))
        self.note(shown)

    def note(self, text: str) -> None:
        """Write a line to the log alone."""
        line = f"{datetime.now().astimezone().isoformat(timespec='seconds')} {text}\n"
        if self._log:
            self._log.append(line.encode("utf-8", "backslashreplace"))
        else:
            self._early.append(line)

    def progress(self, what: str) -> Callable[[int, int], None]:
        """Return a function that takes (done, of how many): a line in place on a terminal, else one now and then."""
        last = time.monotonic()
        pace = _Pace()

        def show(done: int, total: int) -> None:
            nonlocal last
            line = f"{literal(what)}: {done:,} of {total:,} images{pace.at(done, total)}"
            if self.console.is_terminal:
                self.console.print(Text(f"{line}    "), end="\n" if done >= total else "\r")
            elif done >= total or time.monotonic() - last > PLAIN_INTERVAL_SECONDS:
                last = time.monotonic()
                print(line, file=sys.stdout, flush=True)

        return show


class _Pace:
    """How fast it goes, by the last half minute: what an interrupted action finds done already was not done now."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def at(self, done: int, total: int) -> str:
        now = time.monotonic()
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[0][0] > _PACE_SECONDS:
            self._marks.popleft()
        start, before = self._marks[0]
        if now - start < 1 or done <= before:
            return ""
        speed = (done - before) / (now - start)
        left = f", {duration((total - done) / speed)} left" if done < total else ""
        return f", {speed:,.0f} images/s{left}"


def duration(seconds: float) -> str:
    """Return a time as people say it: `1 h 05 min`, `3 min 20 s`."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s"
