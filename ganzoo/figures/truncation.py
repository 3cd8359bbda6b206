"""Truncation: each seed's image as its style is pulled to the mean style and past it."""

from __future__ import annotations

from collections.abc import Sequence

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.figures.figure import Figure
from ganzoo.figures.requirements import require
from ganzoo.plotting.panel_grid import Panel, Sheet

PSIS = (1.0, 0.7, 0.5, 0.0, -0.5, -1.0)


def truncation(
    subject: OpenedGenerator,
    seeds: Sequence[int] = range(4),
    *,
    psis: Sequence[float] = PSIS,
    cutoff: int | None = None,
    scale: int | None = None,
) -> Figure:
    """Draw a row of each seed's images over psi: 1 is the image itself, 0 the mean style's, -1 the opposite.

    Paper: StyleGAN, arXiv:1812.04948, appendix B and figure 8.

    Args:
        subject: The generator; its own truncation is left aside.
        seeds: One row each.
        psis: Columns.
        cutoff: How many of the first style layers are truncated; None: all.
        scale: Side of each pixel in the figure; None: enough to see it.

    Raises:
        RefusedError: The generator has no styles.
    """
    require(subject, "truncation")
    told = [subject.within(number * len(seeds), len(psis) * len(seeds)) for number in range(len(psis))]
    columns = [
        each.with_sampling(truncation_psi=psi, truncation_cutoff=cutoff).images(seeds)
        for each, psi in zip(told, psis, strict=True)
    ]
    rows = [[Panel(column[row]) for column in columns] for row in range(len(seeds))]
    sheet = Sheet(rows, top=[f"psi {psi:g}" for psi in psis], left=[f"seed {seed}" for seed in seeds], scale=scale)
    facts = subject.facts(seeds, psis=list(psis), scale=sheet.enlargement) | {"truncation_cutoff": cutoff}
    facts.pop("truncation_psi")
    return Figure("truncation", sheet.canvas(), facts)
