"""Cadence: every so many thousand images."""

from __future__ import annotations

from ganzoo._recipe.schema import IMAGES_PER_KIMG


class Cadence:
    """Says when a multiple of `kimg` was passed. It has no state, so a resumed run keeps the same beat."""

    def __init__(self, kimg: float) -> None:
        self._images = max(1, round(kimg * IMAGES_PER_KIMG))

    def due(self, before: int, after: int) -> bool:
        """Whether a multiple lies in (before, after], both in images seen."""
        return after // self._images != before // self._images
