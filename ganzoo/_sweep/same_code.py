"""Same code: whether the runs that a sweep has were made with what is installed, before others are to join them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganzoo._registry.pinned import allows_changed_code
from ganzoo._runs.code_now import other_code
from ganzoo._sweep.cells import Cell
from ganzoo.errors import ChangedCodeError

_MOST_TOLD = 10


def require_same_code(cells: Sequence[Cell], runs: Path, where: str) -> None:
    """Refuse to compute what is left of a sweep with other code than that of the runs that it has.

    Their tables would have two rows in place of each: seeds of different code are none of one another.

    Raises:
        ChangedCodeError: What is installed is not what they were made with, and that is not allowed.
    """
    states = [cell.state(runs) for cell in cells]
    if allows_changed_code() or all(state.status == "done" for state in states):
        return
    if differences := other_code([state.folder for state in states if state.folder is not None]):
        more = [f"  and {len(differences) - _MOST_TOLD} more"] if len(differences) > _MOST_TOLD else []
        lines = [f"  {each}" for each in differences[:_MOST_TOLD]] + more
        raise ChangedCodeError(
            "\n".join([f"runs of {where} were made with code that is not installed as it was:", *lines]),
            "their seeds and new ones would stand in different rows. Install it as it was, or go on with "
            "--allow-changed-code",
        )
