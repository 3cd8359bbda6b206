"""Curve chart: a mean over the seeds with its band, single seeds thin behind it, over kimg, hours or updates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ganzoo._report.charts.axis import Axis
from ganzoo._report.charts.frame import NARROW, ChartText, bottom_axis, left_axis, legend, svg
from ganzoo._report.charts.palette import color, color_class, marker
from ganzoo._report.charts.svg import path_data, tag, words

_LEFT, _RIGHT, _FOOT = 56.0, 14.0, 44.0
_MOST_MARKED = 24


@dataclass(frozen=True)
class CurvePoint:
    """A point of the mean: where, how much, and the ends of its interval, if it has one."""

    x: float
    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CurveSeries:
    """A recipe's course.

    Attributes:
        name: What it is called.
        points: Of the mean, in order.
        seeds: Course of each training seed, as pairs of x and value.
        series: Which color and marker it has.
    """

    name: str
    points: tuple[CurvePoint, ...]
    seeds: Mapping[int, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    series: int = 0


def curve_chart(
    curves: Sequence[CurveSeries], text: ChartText, x_name: str, y_name: str, *, log: bool = False, width: float = 760
) -> str:
    """Return the chart as SVG.

    Args:
        curves: In the order of the legend.
        text: Title and description.
        x_name: Name of the horizontal axis, with its unit.
        y_name: Metric, unit and direction.
        log: Whether the vertical axis is logarithmic, where all values are above 0.
        width: In pixels.
    """
    names, top = legend([(curve.series, curve.name) for curve in curves], width, 4)
    top += 24
    bottom = top + (220.0 if width < NARROW else 0.42 * width)
    xs = [point.x for curve in curves for point in curve.points]
    x_axis = Axis.around(xs, _LEFT, width - _RIGHT, from_zero=True)
    y_axis = Axis.around(_heights(curves), bottom, top, log=log)
    drawn = [_band(curve, x_axis, y_axis) for curve in curves]
    drawn += [_curve(curve, x_axis, y_axis) for curve in curves]
    axes = left_axis(y_axis, y_name, _LEFT, width - _RIGHT, name_y=top - 10)
    axes += bottom_axis(x_axis, x_name, top, bottom, grid=False)
    return svg(text, width, bottom + _FOOT, names, axes, *drawn)


def _heights(curves: Sequence[CurveSeries]) -> list[float]:
    """Return what must be seen: all means and seeds; bands may be cut off where they are wider than twice that."""
    means = [point.mean for curve in curves for point in curve.points]
    seeds = [value for curve in curves for course in curve.seeds.values() for _, value in course]
    seen = means + seeds
    if not seen:
        return seen
    low, high = min(seen), max(seen)
    room = 0.5 * (high - low)
    bands = [end for curve in curves for point in curve.points for end in (point.low, point.high) if end is not None]
    least = low / 2 if low > 0 else low - room
    return seen + [min(max(end, least, low - room), high + room) for end in bands]


def _band(curve: CurveSeries, x_axis: Axis, y_axis: Axis) -> str:
    ends = [(point.x, point.low, point.high) for point in curve.points if point.low is not None]
    if len(ends) < 2:
        return ""
    above = [(x_axis.place(x), y_axis.place(high)) for x, _, high in ends if high is not None]
    below = [(x_axis.place(x), y_axis.place(low)) for x, low, _ in reversed(ends) if low is not None]
    look = f"fill band {color_class(curve.series)}"
    return tag(
        "path",
        d=path_data(above + below, closed=True),
        fill=color(curve.series),
        fill_opacity="0.13",
        class_=look,
        data_series=str(curve.series),
    )


def _curve(curve: CurveSeries, x_axis: Axis, y_axis: Axis) -> str:
    return tag("g", *_lines(curve, x_axis, y_axis), class_="curve", data_series=str(curve.series))


def _lines(curve: CurveSeries, x_axis: Axis, y_axis: Axis) -> Iterator[str]:
    look = {"fill": "none", "stroke": color(curve.series), "class_": f"stroke {color_class(curve.series)}"}
    for seed, course in curve.seeds.items():
        places = [(x_axis.place(x), y_axis.place(value)) for x, value in course]
        if len(places) > 1:
            tip = tag("title", words(f"{curve.name}, seed {seed}"))
            yield tag("path", tip, d=path_data(places), stroke_width=1, stroke_opacity="0.4", **look)
    places = [(x_axis.place(point.x), y_axis.place(point.mean)) for point in curve.points]
    if len(places) > 1:
        yield tag("path", d=path_data(places), stroke_width=2.2, stroke_linejoin="round", **look)
    if len(places) <= _MOST_MARKED:
        for point, (x, y) in zip(curve.points, places, strict=True):
            tip = tag("title", words(f"{curve.name}: {point.mean:.4g} at {point.x:.4g}"))
            yield marker(curve.series, x, y, 3.2, tip)
