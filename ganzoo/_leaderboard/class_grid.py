"""Class grid: what the rows of a table scored in each class of one metric, as texts for every way of showing it."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ganzoo._leaderboard.class_captions import captions
from ganzoo._leaderboard.columns import MARK, REAL_IMAGES, options_text
from ganzoo._leaderboard.metric_text import metric_name
from ganzoo._leaderboard.record_fields import NONE
from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.tables import Row, ShownClass, ShownMetric, Table
from ganzoo._runs.plain_data import ClassScore
from ganzoo._runs.score_text import class_name, decimals_for, number_text

MOST_CLASSES = 12
"""As many as are read at a glance; of more, the worst and the best are shown, unless all are asked for."""


@dataclass(frozen=True)
class ClassCell:
    """A value of a class as text.

    Attributes:
        number: The value, with a dagger where it needs a note.
        error: Its error, `± 9.0` or `(9.0)`; empty where it is not known.
        value: The number behind it, in the metric's own units; None where there is none.
    """

    number: str
    error: str = ""
    value: float | None = None

    @property
    def text(self) -> str:
        """Both, as they stand in one line."""
        if not self.error:
            return self.number
        return f"{self.number.removesuffix(MARK)} {self.error}{MARK * self.number.endswith(MARK)}"


@dataclass(frozen=True)
class ClassLine:
    """A line with a cell for each class that is shown: of a row, of real images, or how many images there are."""

    name: str
    cells: tuple[ClassCell, ...]
    row: Row | None = None


@dataclass(frozen=True)
class ClassGrid:
    """Values of one metric by class.

    Attributes:
        metric: Its key.
        heading: Its name, and that it is shown by class.
        classes: Names of the classes that are shown.
        numbers: Their numbers.
        lines: A line for each row, then real images, then counts of images where classes have unlike ones.
        captions: What a reader must know, a sentence or two each.
    """

    metric: str
    heading: str
    classes: tuple[str, ...]
    numbers: tuple[int, ...]
    lines: tuple[ClassLine, ...]
    captions: tuple[str, ...]


def class_grids(table: Table, most: int | None = MOST_CLASSES) -> list[ClassGrid]:
    """Return a grid for each metric of a table that is known by class; all classes where `most` is None."""
    return [_grid(table, metric, most) for metric in table.classes if any(metric in row.by_class for row in table.rows)]


def _grid(table: Table, metric: str, most: int | None) -> ClassGrid:
    shown, every = table.metrics[metric], table.classes[metric].classes
    chosen = every if most is None or len(every) <= most else _worst_and_best(table, metric, most)
    estimates = [row.by_class[metric][each.number] for row in table.rows if metric in row.by_class for each in chosen]
    decimals = _decimals(estimates, shown.scale)
    lines = [_row_line(row, name, metric, shown, chosen, decimals) for row, name in _named(table.rows)]
    if any(each.floor for each in chosen):
        lines.append(ClassLine(REAL_IMAGES, tuple(_floor_cell(each.floor, shown.scale, decimals) for each in chosen)))
    if len({(each.generated, each.reference_images) for each in every}) > 1:
        name = "generated" if every[0].reference_images is None else "generated, real"
        lines.append(ClassLine(name, tuple(ClassCell(_counts(each)) for each in chosen)))
    return ClassGrid(
        metric=metric,
        heading=f"{metric_name(shown)} by class",
        classes=tuple(class_name(each.number, each.name) for each in chosen),
        numbers=tuple(each.number for each in chosen),
        lines=tuple(lines),
        captions=tuple(captions(table, metric, chosen)),
    )


def _decimals(estimates: Sequence[Estimate], scale: float) -> int:
    """Return decimals that show the median error: of so many, the smallest is tiny by chance."""
    errors = [each.sampling_error if each.deviation is None else each.deviation for each in estimates]
    known = [error * scale for error in errors if error]
    means = [each.mean * scale for each in estimates]
    return decimals_for(means, [statistics.median(known)] if known else [])


def _worst_and_best(table: Table, metric: str, most: int) -> tuple[ShownClass, ...]:
    """Return the worst classes, worst first, and the best ones, by the mean over the rows."""
    rows = [row.by_class[metric] for row in table.rows if metric in row.by_class]
    sign, best = -1 if table.metrics[metric].lower_is_better else 1, most // 2

    def goodness(each: ShownClass) -> float:
        return sign * statistics.fmean(row[each.number].mean for row in rows)

    ordered = sorted(table.classes[metric].classes, key=goodness)
    return (*ordered[: most - best], *ordered[len(ordered) - best :])


def _named(rows: Sequence[Row]) -> list[tuple[Row, str]]:
    """Return rows with names that tell them apart: the recipe, and where two have one, their options or lengths."""
    recipes = Counter(row.recipe for row in rows)
    names = [
        f"{row.recipe} ({options_text(row)})" if recipes[row.recipe] > 1 and row.options else row.recipe for row in rows
    ]
    alike = Counter(names)
    return [
        (row, f"{name} at {row.kimg:,.4g} kimg" if alike[name] > 1 else name)
        for row, name in zip(rows, names, strict=True)
    ]


def _row_line(
    row: Row, name: str, metric: str, shown: ShownMetric, classes: Sequence[ShownClass], decimals: int
) -> ClassLine:
    found = row.by_class.get(metric)
    if found is None:
        return ClassLine(name, (ClassCell(NONE),) * len(classes), row)
    return ClassLine(name, tuple(_cell(found[each.number], shown.scale, decimals) for each in classes), row)


def _cell(estimate: Estimate, scale: float, decimals: int) -> ClassCell:
    number = number_text(estimate.mean * scale, decimals) + MARK * bool(estimate.notes)
    if estimate.deviation is not None:
        return ClassCell(number, f"± {number_text(estimate.deviation * scale, decimals)}", estimate.mean)
    return ClassCell(number, _sampling(estimate.sampling_error, scale, decimals), estimate.mean)


def _floor_cell(floor: ClassScore | None, scale: float, decimals: int) -> ClassCell:
    if floor is None:
        return ClassCell("")
    number = number_text(floor.value * scale, decimals) + MARK * bool(floor.notes)
    return ClassCell(number, _sampling(floor.standard_error, scale, decimals), floor.value)


def _sampling(error: float | None, scale: float, decimals: int) -> str:
    return "" if error is None else f"({number_text(error * scale, decimals)})"


def _counts(each: ShownClass) -> str:
    real = "" if each.reference_images is None else f", {each.reference_images:,}"
    return f"{each.generated:,}{real}"
