"""Stored resolution: which of several is read."""

from __future__ import annotations

from collections.abc import Sequence


def best_level(levels: Sequence[int], wanted: int) -> int:
    """Return the smallest stored resolution that is not below the wanted one, else the largest.

    So little is read, and what was prepared at the wanted resolution comes out as it was stored.
    """
    enough = [level for level in levels if level >= wanted]
    return min(enough) if enough else max(levels)
