"""Style mixing: images with some styles of one seed and the others of another."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._random.seeds import seed_for
from ganzoo.errors import RefusedError
from ganzoo.figures.figure import Figure
from ganzoo.figures.layer_ranges import LayerRange, layer_count, usual_ranges
from ganzoo.figures.requirements import require
from ganzoo.plotting.panel_grid import Panel, Sheet


def mix(
    subject: OpenedGenerator,
    left: Sequence[int] = range(3),
    top: Sequence[int] = range(4, 9),
    *,
    ranges: Sequence[LayerRange] | None = None,
    scale: int | None = None,
) -> Figure:
    """Draw images with the styles of seeds at the left, but in a range of layers those of seeds at the top.

    The noise is that of the seed at the left, so mixing a seed with itself changes nothing.

    Paper: StyleGAN, arXiv:1812.04948, figure 3.

    Args:
        subject: The generator.
        left: Seeds that give all other styles.
        top: Seeds that give the styles of the range.
        ranges: One block of rows each; None: coarse, middle and fine.
        scale: Side of each pixel in the figure; None: enough to see it.

    Raises:
        RefusedError: The generator has no styles.
    """
    require(subject, "mix")
    ranges = usual_ranges(subject) if ranges is None else ranges
    base, given = subject.styles(left), subject.styles(top)
    styles, noises = [base, given], [*left, *top]
    for chosen in ranges:
        for row, seed in zip(base, left, strict=True):
            mixed = row.repeat(len(top), 1, 1)
            mixed[:, list(chosen.layers)] = given[:, list(chosen.layers)]
            styles.append(mixed)
            noises += [seed] * len(top)
    panels = [Panel(image) for image in subject.images_of_styles(torch.cat(styles), noises)]
    at_left, at_top = panels[: len(left)], panels[len(left) : len(left) + len(top)]
    mixes = panels[len(left) + len(top) :]
    rows: list[list[Panel | None]] = [[None, *at_top]]
    names = [""]
    for index in range(len(ranges) * len(left)):
        rows.append([at_left[index % len(left)], *mixes[index * len(top) : (index + 1) * len(top)]])
        names.append(ranges[index // len(left)].name if index % len(left) == (len(left) - 1) // 2 else "")
    breaks = range(0, len(rows), len(left))
    sheet = Sheet(rows, left=names, scale=scale, break_after=(0,), break_below=breaks)
    chosen_layers = {each.name: list(each.layers) for each in ranges}
    facts = subject.facts(left=list(left), top=list(top), ranges=chosen_layers, scale=sheet.enlargement)
    return Figure("mix", sheet.canvas(), facts)


def mixing_pair(subject: OpenedGenerator, seeds: Sequence[int] = range(16), *, scale: int | None = None) -> Figure:
    """Draw two grids: seeds as they are, and with the styles of another latent from a random layer on.

    Raises:
        RefusedError: The generator has no styles, or a single style layer, so that there is nothing to mix.
    """
    require(subject, "mix")
    layers = layer_count(subject)
    if layers < 2:
        raise RefusedError(f"'{subject.generator.name}' has a single style layer, so there is nothing to mix")
    others = [seed_for("mixed with", seed) for seed in seeds]
    crossovers = [1 + seed_for("crossover", seed) % (layers - 1) for seed in seeds]
    plain, given = subject.styles(seeds), subject.styles_of(subject.latents(others), subject.labels(seeds))
    mixed = plain.clone()
    for row, crossover in enumerate(crossovers):
        mixed[row, crossover:] = given[row, crossover:]
    panels = [Panel(image) for image in subject.images_of_styles(torch.cat([plain, mixed]), [*seeds, *seeds])]
    columns = max(1, round(len(seeds) ** 0.5))
    starts = range(0, len(seeds), columns)
    rows: list[list[Panel | None]] = []
    for start in starts:
        end = min(start + columns, len(seeds))
        gap: list[Panel | None] = [None] * (columns - (end - start))
        rows.append([*panels[start:end], *gap, *panels[len(seeds) + start : len(seeds) + end]])
    blank = ("",) * (columns - 1)
    top = ("plain", *blank, "mixed", *blank)
    sheet = Sheet(rows, top=top, scale=scale, break_after=(columns - 1,))
    return Figure("mix", sheet.canvas(), subject.facts(seeds, crossovers=crossovers, scale=sheet.enlargement))
