"""Images of seeds in rows; at wish, real images beside them at the same scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import GanzooError
from ganzoo.figures.figure import Figure
from ganzoo.figures.real_images import real_images
from ganzoo.plotting.panel_grid import Panel, Sheet

PREVIEWS = 36
_MOST = 10_000


def grid(
    subject: OpenedGenerator,
    seeds: Sequence[int] = range(PREVIEWS),
    *,
    columns: int | None = None,
    reals: bool = False,
    scale: int | None = None,
) -> Figure:
    """Draw the images of seeds in rows.

    Args:
        subject: The generator.
        seeds: One image each.
        columns: Images in a row; None: about as many as rows.
        reals: Draw as many real images of the run's training beside them, at the same scale.
        scale: Side of each pixel in the figure; None: enough to see it.

    Raises:
        GanzooError: There are too many seeds for a picture, or the run's images cannot be had.
    """
    if not 0 < len(seeds) <= _MOST:
        raise GanzooError(f"a grid of {len(seeds):,} images: between 1 and {_MOST:,} can be looked at")
    columns = columns or math.ceil(math.sqrt(len(seeds)))
    rows = _rows(subject.images(seeds), columns)
    more: dict[str, Any] = {"columns": columns}
    top: tuple[str, ...] = ()
    breaks: tuple[int, ...] = ()
    if reals:
        found = real_images(subject, len(seeds))
        rows = [[*real, *made] for real, made in zip(_rows(found.pixels, columns), rows, strict=True)]
        top, breaks = _headings(columns), (columns - 1,)
        more |= {"reals": found.facts}
    sheet = Sheet(rows, top=top, scale=scale, break_after=breaks)
    return Figure("grid", sheet.canvas(), subject.facts(seeds, scale=sheet.enlargement, **more))


def _headings(columns: int) -> tuple[str, ...]:
    blank = ("",) * (columns - 1)
    return ("real", *blank, "generated", *blank)


def _rows(images: PixelArray, columns: int) -> list[list[Panel | None]]:
    panels: list[Panel | None] = [Panel(image) for image in images]
    panels += [None] * (-len(panels) % columns)
    return [panels[start : start + columns] for start in range(0, len(panels), columns)]
