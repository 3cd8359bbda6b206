"""A figure: a seed's image beside itself upside down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ganzoo import GeneratorFigure, Scale, Seeds
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult, OpenedGenerator


class Mirrored(GeneratorFigure):
    """Draw images of seeds, each beside its reflection."""

    name = "acme-mirrored"

    seeds: Seeds = (0, 1, 2)
    upright: bool = Field(default=False, description="Leave the second one as it is.")
    scale: Scale = None

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        from ganzoo.figures import FigureResult

        images = generator.images(self.seeds)
        rows = [[Panel(image), Panel(image if self.upright else image[:, ::-1])] for image in images]
        sheet = Sheet(rows, top=("image", "mirrored"), scale=self.scale)
        return FigureResult(self.name, sheet.canvas(), generator.facts(self.seeds, upright=self.upright))
