"""What images of one generator have in common: their mean, and how far they are from it at each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from ganzoo import GeneratorFigure, Scale, Seeds
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:  # what needs torch is imported in `draw`: `ganzoo --help` and completion must answer at once
    from ganzoo.figures import FigureResult, OpenedGenerator

requires_ganzoo_api = 2


class YourPart(GeneratorFigure):
    """Draw the mean of many images beside their deviation from it."""

    name = "your-part"

    # Fields are the options of `ganzoo explore your-part`, and of the class in Python.
    seeds: Seeds = tuple(range(100))
    gain: float = Field(default=2.0, gt=0, le=100, description="Enlargement of the deviation's brightness.")
    scale: Scale = None

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        from ganzoo.figures import FigureResult

        images = generator.images(self.seeds).astype(float)  # [N, C, R, R], 0 to 255
        panels = [images.mean(axis=0), self.gain * images.std(axis=0)]
        row = [Panel(each.clip(0, 255).astype(np.uint8)) for each in panels]
        sheet = Sheet([row], top=("mean", f"deviation × {self.gain:g}"), scale=self.scale)
        # The facts are written beside the picture, so that it can be drawn again: which run, seeds and options.
        return FigureResult(self.name, sheet.canvas(), generator.facts(self.seeds, gain=self.gain))
