"""What people read: lines, bars and errors; plain where it is not a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ganzoo.errors import GanzooError, RunStopped
from ganzoo.files import AppendFile
from ganzoo.text import literal

PLAIN_INTERVAL_SECONDS = 5.0


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

        def show(done: int, total: int) -> None:
            nonlocal last
            if self.console.is_terminal:
                end = "\n" if done >= total else "\r"
                self.console.print(Text(f"{literal(what)}: {done:,} of {total:,} images"), end=end)
            elif done >= total or time.monotonic() - last > PLAIN_INTERVAL_SECONDS:
                last = time.monotonic()
                print(f"{literal(what)}: {done:,} of {total:,} images", file=sys.stdout, flush=True)

        return show
