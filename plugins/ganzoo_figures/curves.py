"""Curves: what one or several runs measured while training, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo import RunsFigure

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult


class Curves(RunsFigure):
    """Draw losses, scores and speed over kimg, of one or more runs."""

    name = "curves"

    def draw(self, runs: Sequence[Path | str]) -> FigureResult:
        """Draw a chart for each quantity, its curves of all runs.

        Raises:
            RunError: A run has measured nothing yet.
        """
        from ganzoo.figures import FigureResult, curve_facts, curves_of

        return FigureResult(self.name, curves_of(runs), {"runs": curve_facts(runs)})
