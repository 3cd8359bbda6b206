"""Terminal: the reporter of the command line. Lines and a live panel on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.text import Text

from ganzoo.errors import GanzooError, RunStopped
from ganzoo.text import duration, literal

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from ganzoo.contracts.reporter import Progress

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
    """A reporter that prints. As a context manager it leaves the terminal as it was."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._close_panel()

    def info(self, text: str) -> None:
        """Print lines, literally."""
        self._print(text, "")

    def warning(self, text: str) -> None:
        """Print lines, literally, in another color."""
        self._print(text, "yellow")

    def _print(self, text: str, style: str) -> None:
        self.console.print(Text("\n".join(literal(line) for line in text.splitlines()), style))

    def progress(self, what: str) -> Progress:
        """Return what shows progress: a line or panel in place on a terminal, else a line now and then."""
        shown_at = time.monotonic()
        pace = _Pace()

        def show(done: int, total: int, facts: Mapping[str, str] | None = None, /) -> None:
            nonlocal shown_at
            line = f"{literal(what)}: {done:,} of {total:,} images{pace.at(done, total)}"
            if facts and not self.console.is_terminal:
                line = "  ".join(f"{name} {value}" for name, value in facts.items())
            if self.console.is_terminal:
                self._show_in_place(line, done >= total, facts)
            elif done >= total or time.monotonic() - shown_at > PLAIN_INTERVAL_SECONDS:
                shown_at = time.monotonic()
                print(line, file=sys.stdout, flush=True)

        return show

    def _show_in_place(self, line: str, is_last: bool, facts: Mapping[str, str] | None) -> None:
        if not facts:
            self.console.print(Text(f"{line}    "), end="\n" if is_last else "\r")
            return
        if self._live is None:
            from rich.live import Live

            self._live = Live(console=self.console, refresh_per_second=4, transient=True)
            self._live.start()
        self._live.update(_panel(facts))
        if is_last:
            self._close_panel()

    def _close_panel(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _panel(facts: Mapping[str, str]) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(Text(literal(name)), Text(literal(value)))
    return table


class _Pace:
    """Speed over the last half minute: what an interrupted action finds done already was not done now."""

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
