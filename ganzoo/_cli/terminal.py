"""Terminal: the reporter of the command line. Lines and a live panel on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from rich.console import Console
from rich.text import Text

from ganzoo.errors import GanzooError, RunStopped
from ganzoo.text import clip, duration, literal, percent, progress_line

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from ganzoo.contracts.reporter import Progress

PLAIN_INTERVAL_SECONDS = 5.0  # between the first lines of what is no terminal; each gap is twice the one before
LONGEST_INTERVAL_SECONDS = 180.0
_PACE_SECONDS = 30.0
_BAR_WIDTH = 40


def print_error(error: GanzooError) -> None:
    """Print an error as people read it, foreign text literally, on standard error."""
    word, style = ("stopped", "bold yellow") if isinstance(error, RunStopped) else ("error", "bold red")
    Terminal.clear_line()
    lines = [literal(line) for line in str(error).splitlines()]
    Console(stderr=True, soft_wrap=True, highlight=False).print(
        Text(f"{word}: ", style), Text("\n".join(lines)), sep=""
    )


class Terminal:
    """A reporter that prints. As a context manager it leaves the terminal as it was."""

    _line: ClassVar[str] = ""  # what stands in the last line, to be written over

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._close_panel()
        self.clear_line()

    @classmethod
    def clear_line(cls) -> None:
        """Remove a line of progress, so that nothing of it is left over beside what is printed next."""
        if cls._line:
            print(f"\r{' ' * len(cls._line)}\r", end="", flush=True)
            Terminal._line = ""

    def info(self, text: str) -> None:
        """Print lines, literally."""
        self._print(text, "")

    def warning(self, text: str) -> None:
        """Print lines, literally, in another color."""
        self._print(text, "yellow")

    def _print(self, text: str, style: str) -> None:
        self.clear_line()
        self.console.print(Text("\n".join(literal(line) for line in text.splitlines()), style))

    def progress(self, what: str) -> Progress:
        """Return what shows progress: a line or panel in place on a terminal, else a line now and then."""
        shown_at, gap = time.monotonic(), PLAIN_INTERVAL_SECONDS
        pace = _Pace()

        def show(done: int, total: int, facts: Mapping[str, str] | None = None, /) -> None:
            nonlocal shown_at, gap
            line = f"{literal(what)}: {done:,} of {total:,} images{pace.at(done, total)}"
            if self.console.is_terminal:
                self._show_in_place(line, done, total, facts)
            elif done >= total or time.monotonic() - shown_at > gap:
                shown_at, gap = time.monotonic(), min(2 * gap, LONGEST_INTERVAL_SECONDS)
                print(progress_line(what, done, total, facts) if facts else line, file=sys.stdout, flush=True)

        return show

    def _show_in_place(self, line: str, done: int, total: int, facts: Mapping[str, str] | None) -> None:
        is_last = done >= total
        if not facts:
            shown = clip(line, max(1, self.console.width - 1))  # a line that wraps could not be written over
            print(f"\r{shown.ljust(len(Terminal._line))}", end="\n" if is_last else "", flush=True)
            Terminal._line = "" if is_last else shown
            return
        if self._live is None:
            from rich.live import Live

            self._live = Live(console=self.console, refresh_per_second=4, transient=True)
            self._live.start()
        self._live.update(_panel(facts, done, total))
        if is_last:
            self._close_panel()

    def _close_panel(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _panel(facts: Mapping[str, str], done: int, total: int) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    bar = "━" * round(_BAR_WIDTH * done / max(1, total))
    table.add_row("", Text.assemble((bar, "cyan"), ("─" * (_BAR_WIDTH - len(bar)), "dim"), f" {percent(done, total)}"))
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
