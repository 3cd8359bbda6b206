"""Which sides the networks of this plugin work at."""

from __future__ import annotations

LOWEST, HIGHEST = 8, 1024


def resolution_problem(part: str, resolution: int) -> str | None:
    """Say why `part` cannot work at `resolution`, or None."""
    if LOWEST <= resolution <= HIGHEST and resolution & (resolution - 1) == 0:
        return None
    return (
        f"{part} doubles or halves the side from 4 and works at powers of two from {LOWEST} to {HIGHEST}, "
        f"not at {resolution}: set dataset.resolution to one of them"
    )
