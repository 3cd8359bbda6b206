"""Pareto chart: score against what it costs; a line through what no other beats in both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ganzoo._report.charts.axis import Axis
from ganzoo._report.charts.frame import NARROW, SIZE, ChartText, bottom_axis, label, left_axis, svg
from ganzoo._report.charts.palette import INK, color, color_class, marker
from ganzoo._report.charts.svg import fitted, path_data, tag, text_width, words

_LEFT, _RIGHT, _TOP, _FOOT = 56.0, 14.0, 30.0, 44.0
_FAR = 8.0
"""Costs this many times apart are drawn on a logarithmic axis."""
_MOST_NAMED = 10


@dataclass(frozen=True)
class CostPoint:
    """A recipe: its cost, its score with its interval, and its color."""

    name: str
    cost: float
    score: float
    low: float | None = None
    high: float | None = None
    series: int = 0


def pareto_front(points: Sequence[CostPoint], *, lower_is_better: bool) -> tuple[int, ...]:
    """Return the indices of the points that no other is as good as in both and better in one, the cheapest first."""
    sign = 1.0 if lower_is_better else -1.0
    merits = [(point.cost, sign * point.score) for point in points]
    front = [
        index
        for index, (cost, score) in enumerate(merits)
        if not any(other[0] <= cost and other[1] <= score and other != (cost, score) for other in merits)
    ]
    return tuple(sorted(front, key=lambda index: merits[index]))


def pareto_chart(
    points: Sequence[CostPoint],
    text: ChartText,
    x_name: str,
    y_name: str,
    *,
    lower_is_better: bool = True,
    log: bool = False,
    width: float = 760,
) -> str:
    """Return the chart as SVG.

    Args:
        points: Recipes.
        text: Title and description.
        x_name: Name of the cost, with its unit.
        y_name: Metric, unit and direction.
        lower_is_better: The metric's direction.
        log: Whether the vertical axis is logarithmic, where all values are above 0.
        width: In pixels.
    """
    bottom = _TOP + (240.0 if width < NARROW else 0.42 * width)
    costs = [point.cost for point in points]
    far = min(costs, default=0) > 0 and max(costs) / min(costs) > _FAR
    x_axis = Axis.around(costs, _LEFT, width - _RIGHT, log=far)
    heights = [end for point in points for end in (point.score, point.low, point.high) if end is not None]
    y_axis = Axis.around(heights, bottom, _TOP, log=log)
    front = pareto_front(points, lower_is_better=lower_is_better)
    parts = [left_axis(y_axis, y_name, _LEFT, width - _RIGHT, name_y=_TOP - 14)]
    parts += [bottom_axis(x_axis, x_name, _TOP, bottom, grid=False), _staircase(points, front, x_axis, y_axis)]
    named = range(len(points)) if len(points) <= _MOST_NAMED else front
    names = _names([(points[index], x_axis.place(points[index].cost), y_axis.place(points[index].score))
                    for index in named], width)  # fmt: skip
    parts += [_point(point, x_axis, y_axis, best=index in front) for index, point in enumerate(points)]
    return svg(text, width, bottom + _FOOT, *parts, *names)


def _staircase(points: Sequence[CostPoint], front: Sequence[int], x_axis: Axis, y_axis: Axis) -> str:
    """Return the line through the front: between two of its points, only the cheaper one can be had."""
    steps: list[tuple[float, float]] = []
    for index in front:
        x, y = x_axis.place(points[index].cost), y_axis.place(points[index].score)
        steps += [(x, steps[-1][1]), (x, y)] if steps else [(x, y)]
    if len(steps) < 2:
        return ""
    look = {"stroke": INK, "class_": "mean", "stroke_dasharray": "2 3", "stroke_opacity": "0.6"}
    return tag("path", d=path_data(steps), fill="none", **look)


def _point(point: CostPoint, x_axis: Axis, y_axis: Axis, *, best: bool) -> str:
    x, y, parts = x_axis.place(point.cost), y_axis.place(point.score), []
    look = {"stroke": color(point.series), "class_": f"stroke {color_class(point.series)}", "stroke_opacity": "0.5"}
    if point.low is not None and point.high is not None:
        parts.append(tag("line", x1=x, y1=y_axis.place(point.low), x2=x, y2=y_axis.place(point.high), **look))
    tip = tag("title", words(f"{point.name}: {point.score:.4g} at {point.cost:.3g}"))
    parts.append(marker(point.series, x, y, 5.5 if best else 4.0, tip, opacity=1.0 if best else 0.6))
    return tag("g", *parts, data_series=str(point.series))


def _names(placed: Sequence[tuple[CostPoint, float, float]], width: float) -> Iterator[str]:
    """Yield names beside their points, on the side with more room, moved down where two would meet."""
    taken: list[tuple[float, float, float]] = []
    for point, x, y in sorted(placed, key=lambda each: (each[2], each[1])):
        rightwards = x < 0.6 * width
        shown = fitted(point.name, (width - x if rightwards else x) - 20, SIZE)
        start = x + 10 if rightwards else x - 10 - text_width(shown, SIZE)
        end, height = start + text_width(shown, SIZE), y + SIZE / 3
        while any(left < end and start < right and abs(height - at) < SIZE for left, right, at in taken):
            height += SIZE / 2
        taken.append((start, end, height))
        anchor = "start" if rightwards else "end"
        yield tag(
            "g",
            label(shown, x + (10 if rightwards else -10), height, anchor=anchor, halo=True),
            data_series=str(point.series),
        )
