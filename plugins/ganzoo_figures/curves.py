"""Curves: what one or several runs measured while training, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ganzoo import RunsFigure

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult


class Curves(RunsFigure):
    """Draw losses, scores and speed over kimg or hours, of one or more runs."""

    name = "curves"

    over: Literal["kimg", "hours"] = Field(
        default="kimg", description="The axis: thousands of real images shown, or hours of training."
    )
    bands: bool = Field(
        default=False, description="Draw seeds of one recipe as their mean, in a band from the least to the greatest."
    )

    def draw(self, runs: Sequence[Path | str]) -> FigureResult:
        """Draw a chart for each quantity, its curves of all runs.

        Raises:
            RunError: A run has measured nothing yet, or no times.
        """
        from ganzoo.figures import FigureResult, curve_facts, curves_of

        canvas = curves_of(runs, over=self.over, bands=self.bands)
        return FigureResult(self.name, canvas, {"over": self.over, "bands": self.bands, "runs": curve_facts(runs)})
