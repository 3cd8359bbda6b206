"""Truncation: each seed's image with its style moved towards the mean style and beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ganzoo import GeneratorFigure, Numbers, Scale, Seeds, StyleBased
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult, OpenedGenerator


class Truncation(GeneratorFigure):
    """Draw images of seeds at several truncation psis.

    Psi 1 is the image itself, 0 the mean style's, -1 the opposite.

    Paper: StyleGAN, arXiv:1812.04948, appendix B and figure 8.
    """

    name = "truncation"
    needs = (StyleBased,)
    without = frozenset({"truncation_psi", "truncation_cutoff"})  # its own cutoff is that of each column

    seeds: Seeds = tuple(range(4))
    psi: Numbers = Field(
        default=(1.0, 0.7, 0.5, 0.0, -0.5, -1.0),
        min_length=1,
        description="Truncation psis, one per column: 1 is none, 0 the mean style.",
    )
    truncation_cutoff: int | None = Field(
        default=None, ge=0, description="Number of first style layers that are truncated. [default: all]"
    )
    scale: Scale = None

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        """Draw a row for each seed; the generator's own truncation is left aside."""
        from ganzoo.figures import FigureResult

        seeds, total = self.seeds, len(self.psi) * len(self.seeds)
        columns = []
        for number, psi in enumerate(self.psi):
            part = generator.within(number * len(seeds), total)
            columns.append(
                part.with_sampling(truncation_psi=psi, truncation_cutoff=self.truncation_cutoff).images(seeds)
            )
        rows = [[Panel(column[row]) for column in columns] for row in range(len(seeds))]
        top, left = [f"psi {psi:g}" for psi in self.psi], [f"seed {seed}" for seed in seeds]
        sheet = Sheet(rows, top=top, left=left, scale=self.scale)
        facts = generator.facts(seeds, psi=list(self.psi), scale=sheet.enlargement)
        facts |= {"truncation_cutoff": self.truncation_cutoff}
        facts.pop("truncation_psi")
        return FigureResult(self.name, sheet.canvas(), facts)
