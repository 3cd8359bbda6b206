"""Style mixing: images with some styles of one seed and the others of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from ganzoo import GeneratorFigure, RefusedError, Scale, Seeds, Spans, StyleBased
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult, OpenedGenerator
    from ganzoo_figures.layer_ranges import LayerRange


class Mix(GeneratorFigure):
    """Draw style mixing: styles of two seeds in one image.

    Each has the styles of a seed at the left, but in a range of layers those of a seed at the top. The noise is that
    of the seed at the left, so mixing a seed with itself changes nothing.

    Paper: StyleGAN, arXiv:1812.04948, figure 3.
    """

    name = "mix"
    needs = (StyleBased,)

    left: Seeds = Field(default=(0, 1, 2), description="Seeds at the left, which give all other styles.")
    top: Seeds = Field(default=(4, 5, 6, 7, 8), description="Seeds at the top, which give the styles of a range.")
    resolutions: Spans | None = Field(
        default=None, description="Style layers by resolution, such as 4-8,16-32. [default: coarse, middle and fine]"
    )
    layers: Spans | None = Field(default=None, description="Style layers by number instead, such as 0-3,4-7.")
    grids: bool = Field(default=False, description="Draw two grids instead, without and with mixing.")
    seeds: Seeds | None = Field(default=None, description="Seeds of the two grids. [default: 0-15]")
    scale: Scale = None

    @model_validator(mode="after")
    def _check(self) -> Mix:
        ranges = {"--resolutions": self.resolutions, "--layers": self.layers}
        given = [name for name, value in ranges.items() if value is not None]
        if self.grids and given:
            raise ValueError(f"--grids mixes from a random layer on; leave {' and '.join(given)} out")
        if not self.grids and self.seeds is not None:
            raise ValueError("--left and --top already set what is mixed; leave --seeds out")
        if len(given) > 1:
            raise ValueError("--resolutions and --layers both choose ranges; leave one of them out")
        return self

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        """Draw a block of rows for each range, or the two grids.

        Raises:
            GanzooError: There is no such layer, or none acts at such a resolution.
            RefusedError: There is a single style layer, so that two grids would be the same.
        """
        if self.grids:
            return self._pair(generator)
        import torch

        from ganzoo.figures import FigureResult

        left, top, ranges = self.left, self.top, self._ranges(generator)
        base, given = generator.styles(left), generator.styles(top)
        styles, noises = [base, given], [*left, *top]
        for chosen in ranges:
            for row, seed in zip(base, left, strict=True):
                mixed = row.repeat(len(top), 1, 1)
                mixed[:, list(chosen.layers)] = given[:, list(chosen.layers)]
                styles.append(mixed)
                noises += [seed] * len(top)
        panels = [Panel(image) for image in generator.images_of_styles(torch.cat(styles), noises)]
        sheet = _laid_out(panels, len(left), len(top), [each.name for each in ranges], self.scale)
        chosen_layers = {each.name: list(each.layers) for each in ranges}
        facts = generator.facts(left=list(left), top=list(top), ranges=chosen_layers, scale=sheet.enlargement)
        return FigureResult(self.name, sheet.canvas(), facts)

    def _ranges(self, generator: OpenedGenerator) -> list[LayerRange]:
        from ganzoo_figures.layer_ranges import ranges_by_layer, ranges_by_resolution, usual_ranges

        if self.resolutions is not None:
            return ranges_by_resolution(generator, self.resolutions)
        return usual_ranges(generator) if self.layers is None else ranges_by_layer(generator, self.layers)

    def _pair(self, generator: OpenedGenerator) -> FigureResult:
        """Draw two grids: seeds as they are, and with the styles of another latent from a random layer on."""
        import torch

        from ganzoo.figures import FigureResult, seed_for
        from ganzoo_figures.layer_ranges import layer_count

        layers, seeds = layer_count(generator), range(16) if self.seeds is None else self.seeds
        if layers < 2:
            raise RefusedError(f"'{generator.generator.name}' has a single style layer, so there is nothing to mix")
        others = [seed_for("mixed with", seed) for seed in seeds]
        crossovers = [1 + seed_for("crossover", seed) % (layers - 1) for seed in seeds]
        plain = generator.styles(seeds)
        given = generator.styles_of(generator.latents(others), generator.labels(seeds))
        mixed = plain.clone()
        for row, crossover in enumerate(crossovers):
            mixed[row, crossover:] = given[row, crossover:]
        panels = [Panel(image) for image in generator.images_of_styles(torch.cat([plain, mixed]), [*seeds, *seeds])]
        sheet = _side_by_side(panels, len(seeds), self.scale)
        facts = generator.facts(seeds, crossovers=crossovers, scale=sheet.enlargement)
        return FigureResult(self.name, sheet.canvas(), facts)


def _laid_out(panels: list[Panel], left: int, top: int, names: list[str], scale: int | None) -> Sheet:
    """Lay out the images at the left, those at the top, and a block of `left` rows for each range."""
    at_left, at_top, mixes = panels[:left], panels[left : left + top], panels[left + top :]
    rows: list[list[Panel | None]] = [[None, *at_top]]
    headings = [""]
    for index in range(len(names) * left):
        rows.append([at_left[index % left], *mixes[index * top : (index + 1) * top]])
        headings.append(names[index // left] if index % left == (left - 1) // 2 else "")
    return Sheet(rows, left=headings, scale=scale, break_after=(0,), break_below=range(0, len(rows), left))


def _side_by_side(panels: list[Panel], count: int, scale: int | None) -> Sheet:
    """Lay out the first `count` images and the others as two grids beside each other."""
    columns = max(1, round(count**0.5))
    rows: list[list[Panel | None]] = []
    for start in range(0, count, columns):
        end = min(start + columns, count)
        gap: list[Panel | None] = [None] * (columns - (end - start))
        rows.append([*panels[start:end], *gap, *panels[count + start : count + end]])
    blank = ("",) * (columns - 1)
    top = ("plain", *blank, "mixed", *blank)
    return Sheet(rows, top=top, scale=scale, break_after=(columns - 1,))
