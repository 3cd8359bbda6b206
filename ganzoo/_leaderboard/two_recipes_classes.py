"""Two recipes by class: what each scored in each class, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ganzoo._leaderboard.class_grid import class_grids
from ganzoo._leaderboard.tables import Section, ShownMetric
from ganzoo._leaderboard.two_recipes import TwoRecipes


@dataclass(frozen=True)
class TwoByClass:
    """Values of one metric by class, of two recipes.

    Attributes:
        heading: The metric's name, and that it is shown by class.
        shown: How the metric is shown.
        captions: What a reader must know, a sentence or two each.
        names: Names of the classes.
        texts: Of each class, the two values as text.
        values: Of each class, the two values in the metric's own units; None where one is not known.
    """

    heading: str
    shown: ShownMetric
    captions: tuple[str, ...]
    names: tuple[str, ...]
    texts: tuple[tuple[str, str], ...]
    values: tuple[tuple[float | None, float | None], ...]


def two_by_class(two: TwoRecipes) -> Iterator[TwoByClass]:
    """Yield what two recipes scored by class, for each metric that at least one of them has by class."""
    both = replace(two.table, sections=(Section("", 2, (two.one, two.other), {}),))
    for grid in class_grids(both):
        cells = list(zip(grid.lines[0].cells, grid.lines[1].cells, strict=True))
        yield TwoByClass(
            heading=grid.heading,
            shown=two.table.metrics[grid.metric],
            captions=grid.captions,
            names=grid.classes,
            texts=tuple((one.text, other.text) for one, other in cells),
            values=tuple((one.value, other.value) for one, other in cells),
        )
