"""Inline progress: the states of a sweep's cells in a notebook, in place."""

from __future__ import annotations

import sys
from html import escape

from ganzoo._sweep.status import SweepStatus
from ganzoo._sweep.watch import Show, row_text, summary

_MOST_ROWS = 20


def inline_show() -> Show | None:
    """Return what shows the state of a sweep below the cell of a notebook; None outside of one."""
    if "IPython" not in sys.modules or sys.modules["IPython"].get_ipython() is None:
        return None
    display = sys.modules["IPython"].display
    handle = display.display(display.HTML(""), display_id=True)

    def show(status: SweepStatus) -> None:
        if handle is not None:
            handle.update(display.HTML(html_of(status)))

    return show


def html_of(status: SweepStatus) -> str:
    """Return the state of a sweep: how much is done, and what is under way or went wrong."""
    told = [row for row in status.rows if row.state.status in ("running", "failed", "stopped")][:_MOST_ROWS]
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in (row.cell.run_name, *row_text(row)))}</tr>"
        for row in told
    )
    header = "".join(f"<th>{name}</th>" for name in ("run", "status", "kimg", "left", ""))
    return f"<p>{escape(summary(status))}</p>" + (f"<table><tr>{header}</tr>{lines}</table>" if told else "")
