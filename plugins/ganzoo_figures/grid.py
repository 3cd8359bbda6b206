"""Grid: images of seeds in rows, on request real images beside them at the same scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ganzoo import GanzooError, GeneratorFigure, PixelArray, Scale, Seeds
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult, OpenedGenerator

_MOST = 10_000


class Grid(GeneratorFigure):
    """Draw images of seeds as a grid."""

    name = "grid"

    seeds: Seeds = tuple(range(36))
    columns: int | None = Field(default=None, ge=1, description="Images per row. [default: about as many as rows]")
    reals: bool = Field(default=False, description="Show as many real images next to them.")
    scale: Scale = None

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        """Draw the grid.

        Raises:
            GanzooError: There are too many seeds for a picture, or the run's images cannot be had.
        """
        from ganzoo.figures import FigureResult, real_images

        if not 0 < len(self.seeds) <= _MOST:
            raise GanzooError(f"a grid of {len(self.seeds):,} images: choose between 1 and {_MOST:,}")
        columns = self.columns or math.ceil(math.sqrt(len(self.seeds)))
        rows = _rows(generator.images(self.seeds), columns)
        more: dict[str, Any] = {"columns": columns}
        top: tuple[str, ...] = ()
        breaks: tuple[int, ...] = ()
        if self.reals:
            found = real_images(generator, len(self.seeds))
            rows = [[*real, *made] for real, made in zip(_rows(found.pixels, columns), rows, strict=True)]
            top, breaks = _headings(columns), (columns - 1,)
            more |= {"reals": found.facts}
        sheet = Sheet(rows, top=top, scale=self.scale, break_after=breaks)
        facts = generator.facts(self.seeds, scale=sheet.enlargement, **more)
        return FigureResult(self.name, sheet.canvas(), facts)


def _headings(columns: int) -> tuple[str, ...]:
    blank = ("",) * (columns - 1)
    return ("real", *blank, "generated", *blank)


def _rows(images: PixelArray, columns: int) -> list[list[Panel | None]]:
    panels: list[Panel | None] = [Panel(image) for image in images]
    panels += [None] * (-len(panels) % columns)
    return [panels[start : start + columns] for start in range(0, len(panels), columns)]
