"""Verbs: what notebooks, scripts and the command line call alike."""

from __future__ import annotations

from pathlib import Path

from ganzoo._inference.run import Run


def open(path: str | Path) -> Run:
    """Open a run that was trained here or imported.

    Raises:
        GanzooError: There is no such run.
    """
    return Run(path)
