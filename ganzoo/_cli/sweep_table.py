"""Tables of a sweep: where each cell stands, as rich shows it, in place while the sweep runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ganzoo._sweep.watch import row_text, summary
from ganzoo.text import literal

if TYPE_CHECKING:
    from ganzoo._sweep.status import CellRow, SweepStatus
    from ganzoo._sweep.watch import Show

_STYLES = {"done": "green", "running": "cyan", "stopped": "yellow", "failed": "red", "left": "dim"}
_MOST_LIVE_ROWS = 24


def status_table(rows: Sequence[CellRow]) -> Table:
    """Return a line per cell: status, kimg, hours left, who works on it or why it failed."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header, settings in (
        ("run", {}),
        ("status", {}),
        ("kimg", {"justify": "right"}),
        ("left", {"justify": "right"}),
    ):
        table.add_column(header, no_wrap=True, **settings)  # type: ignore[arg-type]
    table.add_column("where, or why", overflow="fold")
    for row in rows:
        status, *rest = (literal(text) for text in row_text(row))
        cells = [Text(literal(row.cell.run_name)), Text(status, _STYLES[row.state.status]), *map(Text, rest)]
        table.add_row(*cells)
    return table


@contextmanager
def live_table(console: Console) -> Iterator[Show | None]:
    """Show the state of a sweep below its messages while the block runs; nothing where this is no terminal."""
    if not console.is_terminal:
        yield None
        return
    with Live(console=console, refresh_per_second=2, transient=True) as live:

        def show(status: SweepStatus) -> None:
            rows = [row for row in status.rows if row.state.status in ("running", "failed", "stopped")]
            live.update(Group(Text(summary(status), "bold"), status_table(rows[:_MOST_LIVE_ROWS])))

        yield show
