"""Class means: what the images of each class have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, PositiveInt

from ganzoo import GeneratorFigure, Scale
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult, OpenedGenerator


class ClassMeans(GeneratorFigure):
    """Draw the mean image of each class, and beside it how far images stray from it."""

    name = "acme-class-means"
    without = frozenset({"label"})

    per_class: PositiveInt = Field(default=32, description="Images of each class.")
    scale: Scale = None

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        from ganzoo.figures import FigureResult

        classes = max(1, generator.spec.label_dim)
        seeds = range(self.per_class * classes)
        images = generator.images(seeds).astype(float)
        rows = []
        for number in range(classes):  # a seed's class is its remainder
            own = images[number::classes]
            pair = (own.mean(axis=0), 2 * own.std(axis=0))
            rows.append([Panel(each.clip(0, 255).astype(np.uint8)) for each in pair])
        sheet = Sheet(rows, top=("mean", "spread"), left=generator.class_names, scale=self.scale)
        return FigureResult(self.name, sheet.canvas(), generator.facts(seeds))
