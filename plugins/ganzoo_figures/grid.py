"""Grid: images of seeds in rows, on request real ones beside them; of several runs, equal seeds below each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from ganzoo import GanzooError, GeneratorFigure, PixelArray, RefusedError, Scale, Seeds
from ganzoo.plotting import ClassRows, Panel, Sheet

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult, OpenedGenerator

_MOST = 10_000
_ALONE, _BESIDE = 36, 8
_SAME = {True: "The same latents in each column", False: "The same seeds in each column, but not the same latents"}


class Grid(GeneratorFigure):
    """Draw images of seeds as a grid, of several classes in rows of each; of several runs, equal seeds in columns."""

    name = "grid"

    seeds: Seeds | None = Field(
        default=None,
        description="Seeds such as 0-7,100; the images of `ganzoo sample`. [default: 0-35, of several runs 0-7]",
    )
    columns: int | None = Field(
        default=None, ge=1, description="Images per row, classes mixed. [default: as many as rows]"
    )
    reals: bool = Field(default=False, description="Show as many real images next to them.")
    scale: Scale = None

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        """Draw the grid.

        Raises:
            GanzooError: There are too many seeds for a picture, or the run's images cannot be had.
        """
        from ganzoo.figures import FigureResult, real_images

        seeds = self._seeds(_ALONE)
        if by_class := self._by_class(generator, seeds):
            sheet = by_class.sheet(generator.images(seeds), self.scale)
            named = [name for name in by_class.names if name]
            facts = generator.facts(seeds, scale=sheet.enlargement, class_rows=named)
            return FigureResult(self.name, sheet.canvas(), facts)
        columns = self.columns or math.ceil(math.sqrt(len(seeds)))
        rows = _rows(generator.images(seeds), columns)
        more: dict[str, Any] = {"columns": columns}
        top: tuple[str, ...] = ()
        breaks: tuple[int, ...] = ()
        if self.reals:
            found = real_images(generator, len(seeds))
            rows = [[*real, *made] for real, made in zip(_rows(found.pixels, columns), rows, strict=True)]
            top, breaks = _headings(columns), (columns - 1,)
            more |= {"reals": found.facts}
        sheet = Sheet(rows, top=top, scale=self.scale, break_after=breaks)
        facts = generator.facts(seeds, scale=sheet.enlargement, **more)
        return FigureResult(self.name, sheet.canvas(), facts)

    def draw_several(self, generators: Sequence[OpenedGenerator]) -> FigureResult:
        """Draw a row for each run, a column for each seed, as many rows of all runs as `columns` asks for.

        Raises:
            GanzooError: There are too many seeds, images are of sizes that cannot be shown at one scale, or real ones
                cannot be had.
            RefusedError: Real images are asked for, but the runs did not learn from the same.
        """
        from ganzoo.figures import FigureResult, real_images

        seeds = self._seeds(_BESIDE)
        shown = _of_one_size([each.images(seeds) for each in generators])
        labels = _labels(generators)
        more: dict[str, Any] = {}
        if self.reals:
            _require_same_data(generators)
            largest = max(generators, key=lambda each: each.resolution)
            found = real_images(largest, len(seeds))
            shown, labels, more = [found.pixels, *shown], ["real images", *labels], {"reals": found.facts}
        columns = self.columns or len(seeds)
        blocks = [[_rows(images, columns)[block] for images in shown] for block in range(-(-len(seeds) // columns))]
        same = _same_latents(generators, seeds)
        sheet = Sheet(
            [row for block in blocks for row in block],
            left=labels * len(blocks),
            title=_SAME[same],
            scale=self.scale,
            break_below=tuple(range(len(shown) - 1, len(shown) * len(blocks), len(shown))),
        )
        runs = [each.facts(seeds) for each in generators]
        facts = {"runs": runs, "same_latents": same, "columns": columns, "scale": sheet.enlargement, **more}
        return FigureResult(self.name, sheet.canvas(), facts)

    def _by_class(self, generator: OpenedGenerator, seeds: Sequence[int]) -> ClassRows | None:
        """Return rows of classes where there are some, and no other order is asked for."""
        if not generator.spec.label_dim or self.columns or self.reals:
            return None
        return ClassRows.of(generator.labels(seeds).argmax(1).tolist(), generator.class_names)

    def _seeds(self, usual: int) -> Sequence[int]:
        seeds = tuple(range(usual)) if self.seeds is None else self.seeds
        if not 0 < len(seeds) <= _MOST:
            raise GanzooError(f"a grid of {len(seeds):,} images: choose between 1 and {_MOST:,}")
        return seeds


def _headings(columns: int) -> tuple[str, ...]:
    blank = ("",) * (columns - 1)
    return ("real", *blank, "generated", *blank)


def _labels(generators: Sequence[OpenedGenerator]) -> list[str]:
    """Return what each row is called: its run, by path where two have one name, and how far that was trained."""
    names = [each.directory.name for each in generators]
    return [
        f"{name if names.count(name) == 1 else each.directory.path}, {each.images_seen / 1000:,.4g} kimg"
        for name, each in zip(names, generators, strict=True)
    ]


def _of_one_size(shown: list[PixelArray]) -> list[PixelArray]:
    """Return images as large as the largest, pixels repeated; those that no whole factor enlarges so are refused."""
    side = max(images.shape[-1] for images in shown)
    if odd := [images.shape[-1] for images in shown if side % images.shape[-1]]:
        raise GanzooError(f"images of {odd[0]} and of {side} pixels cannot be shown at one scale")
    return [
        images.repeat(side // images.shape[-1], axis=2).repeat(side // images.shape[-1], axis=3) for images in shown
    ]


def _same_latents(generators: Sequence[OpenedGenerator], seeds: Sequence[int]) -> bool:
    """Whether all generators draw the same latents for these seeds."""
    first, *others = (each.latents(seeds).numpy() for each in generators)
    return all(np.array_equal(first, other) for other in others)


def _require_same_data(generators: Sequence[OpenedGenerator]) -> None:
    for each in generators:
        if each.run.was_imported:
            raise RefusedError(f"{each.directory.path} was imported, so the images it learned from are not known")
    found = {each.run.record.dataset and each.run.record.dataset.fingerprint for each in generators}
    if len(found) > 1:
        raise RefusedError("these runs did not learn from the same images, so none are real for all; leave out --reals")


def _rows(images: PixelArray, columns: int) -> list[list[Panel | None]]:
    panels: list[Panel | None] = [Panel(image) for image in images]
    panels += [None] * (-len(panels) % columns)
    return [panels[start : start + columns] for start in range(0, len(panels), columns)]
