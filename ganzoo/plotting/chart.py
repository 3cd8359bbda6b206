"""Chart: curves over one axis, several charts on a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ganzoo.plotting.canvas import INK, PALE, Area, Band, Canvas, Line, Words
from ganzoo.plotting.font import width_of

# Distinct for all common kinds of color vision (Okabe and Ito 2008).
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
_TEXT, _SMALL = 14, 12
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 28, 40
_LEGEND = 22
_MOST_POINTS, _FEW_POINTS = 600, 12

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A named curve; where y is not finite it has a gap.

    Attributes:
        label: Its name in the legend.
        x: Where, `[N]`.
        y: How much, `[N]`.
        order: Chooses the color.
        low: Lower edge of a band behind it, `[N]`, or None.
        high: Its upper edge.
    """

    label: str
    x: Values
    y: Values
    order: int = 0
    low: Values | None = None
    high: Values | None = None


@dataclass(frozen=True)
class Chart:
    """Curves with their axes.

    Attributes:
        title: What y is.
        curves: Drawn one over the other.
        x_label: What x is.
        log: Whether y is spaced by its logarithm; what is not above 0 is then left out.
        own_legend: Whether the curves are named in the chart itself, not above the page.
        x_from: Where x begins; None: at the least of the curves.
    """

    title: str
    curves: Sequence[Curve]
    x_label: str = ""
    log: bool = False
    own_legend: bool = False
    x_from: float | None = None


def page(charts: Sequence[Chart], *, columns: int = 2, width: int = 520, height: int = 300, title: str = "") -> Canvas:
    """Lay charts out in rows, each `width` times `height` pixels, with one legend above."""
    rows = max(1, math.ceil(len(charts) / columns))
    above = [curve for chart in charts if not chart.own_legend for curve in chart.curves]
    legend = _legend(above, columns * width)
    head = _LEGEND * (bool(title) + (legend[-1][1] + 1 if legend else 0))
    canvas = Canvas(columns * width, rows * height + head)
    if title:
        canvas.add(Words(title, 12, 17, _TEXT))
    for curve, line, x in legend:
        _name(canvas, curve, x, _LEGEND * (line + bool(title)) + 16)
    for index, chart in enumerate(charts):
        left, top = index % columns * width, index // columns * height + head
        _draw(canvas, chart, left, top, width, height)
    return canvas


def _legend(curves: Sequence[Curve], width: int) -> list[tuple[Curve, int, int]]:
    """Return each name's curve once, with the line and the place of its entry."""
    entries: list[tuple[Curve, int, int]] = []
    line, x = 0, 12
    for curve in {curve.label: curve for curve in curves if curve.label}.values():
        length = width_of(curve.label, _SMALL) + 46
        if x > 12 and x + length > width:
            line, x = line + 1, 12
        entries.append((curve, line, x))
        x += length
    return entries


def _name(canvas: Canvas, curve: Curve, x: float, y: float) -> None:
    canvas.add(Line(((x, y - 5), (x + 20, y - 5)), COLORS[curve.order % len(COLORS)], 3))
    canvas.add(Words(curve.label, x + 26, y, _SMALL))


def _draw(canvas: Canvas, chart: Chart, left: int, top: int, width: int, height: int) -> None:
    x0, x1, y0, y1 = left + _LEFT, left + width - _RIGHT, top + _TOP, top + height - _BOTTOM
    canvas.add(Words(chart.title, (x0 + x1) / 2, top + 18, _TEXT, "middle"))
    curves = [(curve, *_shown(curve, chart.log)) for curve in chart.curves]
    if chart.own_legend:
        for curve, _, place in _legend(chart.curves, 1 << 30):
            _name(canvas, curve, x0 + place, y0 + 12)
        y0 += _LEGEND
    edges = [(curve, *edge) for curve in chart.curves for edge in _edges(curve, chart.log)]
    xs, ys = _range([x for _, x, _ in curves]), _range([y for _, _, y in (*curves, *edges)], 0.04)
    if chart.x_from is not None:
        xs = (chart.x_from, max(xs[1], chart.x_from + 1e-9))
    frame = _Frame(xs, ys, (x0, x1), (y0, y1))
    _grid(canvas, chart, frame, _ticks_wanted(height))
    for (curve, *below), (_, *above) in zip(edges[::2], edges[1::2], strict=True):
        _shade(canvas, frame.placed(*below), frame.placed(*above), COLORS[curve.order % len(COLORS)])
    for curve, x_values, y_values in curves:
        _trace(canvas, *frame.placed(x_values, y_values), COLORS[curve.order % len(COLORS)])
    canvas.add(Line(((x0, y0), (x0, y1), (x1, y1)), INK, 1))


@dataclass(frozen=True)
class _Frame:
    """From values to pixels: ranges of both axes, and where they are drawn (`y` from above downwards)."""

    xs: tuple[float, float]
    ys: tuple[float, float]
    x: tuple[float, float]
    y: tuple[float, float]

    def placed(self, x_values: Values, y_values: Values) -> tuple[Values, Values]:
        (x0, x1), (y0, y1) = self.x, self.y
        return (
            x0 + (x_values - self.xs[0]) / (self.xs[1] - self.xs[0]) * (x1 - x0),
            y1 - (y_values - self.ys[0]) / (self.ys[1] - self.ys[0]) * (y1 - y0),
        )


def _grid(canvas: Canvas, chart: Chart, frame: _Frame, count: int) -> None:
    """Draw lines and numbers of both axes."""
    (x0, x1), y1 = frame.x, frame.y[1]
    for value in ticks(*frame.ys, count):
        _, (y,) = frame.placed(np.zeros(1), np.array([value]))
        canvas.add(Line(((x0, y), (x1, y)), PALE, 1))
        canvas.add(Words(_number(value, chart.log), x0 - 6, y + 4, _SMALL, "end"))
    for value in ticks(*frame.xs, 6):
        (x,), _ = frame.placed(np.array([value]), np.zeros(1))
        canvas.add(Words(_number(value), x, y1 + 16, _SMALL, "middle"))
    canvas.add(Words(chart.x_label, (x0 + x1) / 2, y1 + 32, _SMALL, "middle"))


def _trace(canvas: Canvas, x: Values, y: Values, color: str) -> None:
    """Draw a line through places, with a dot at each where they are few."""
    for places in _unbroken(x, y):
        if len(places) > 1:
            canvas.add(Line(places, color, 1.6))
        if len(places) == 1 or len(x) <= _FEW_POINTS:
            canvas.add(*(Area(px - 3, py - 3, 6, 6, color) for px, py in places))


def _edges(curve: Curve, log: bool) -> list[tuple[Values, Values]]:
    """Return the lower and the upper edge of a curve's band as they are drawn; nothing where it has none."""
    if curve.low is None or curve.high is None:
        return []
    return [_shown(replace(curve, y=edge), log) for edge in (curve.low, curve.high)]


def _shade(canvas: Canvas, below: tuple[Values, Values], above: tuple[Values, Values], color: str) -> None:
    """Fill what lies between two edges, but for where they are not finite."""
    finite = np.isfinite(below[1]) & np.isfinite(above[1])
    forth = [*zip(below[0][finite].tolist(), below[1][finite].tolist(), strict=True)]
    back = [*zip(above[0][finite].tolist(), above[1][finite].tolist(), strict=True)][::-1]
    if len(forth) > 1:
        canvas.add(Band([*forth, *back], color))
    elif forth:
        canvas.add(Line((*forth, *back), color, 1))


def _shown(curve: Curve, log: bool) -> tuple[Values, Values]:
    """Return x and y as they are drawn: thinned to means of neighbors where there are very many."""
    x, y = np.asarray(curve.x, np.float64), np.asarray(curve.y, np.float64)
    if log:
        y = np.log10(np.where(y > 0, y, np.nan))
    step = math.ceil(len(x) / _MOST_POINTS)
    if step < 2:
        return x, y
    whole = len(x) // step * step
    return x[:whole].reshape(-1, step).mean(axis=1), y[:whole].reshape(-1, step).mean(axis=1)


def _range(values: Sequence[Values], margin: float = 0.0) -> tuple[float, float]:
    every = np.concatenate(values) if values else np.zeros(0)
    every = every[np.isfinite(every)]
    if not len(every):
        return 0.0, 1.0
    low, high = float(every.min()), float(every.max())
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-9):
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    room = margin * (high - low)
    return low - room, high + room


def ticks(low: float, high: float, count: int) -> list[float]:
    """Return about `count` round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [number * step for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _ticks_wanted(height: int) -> int:
    return max(3, height // 50)


def _number(value: float, log: bool = False) -> str:
    return f"{10**value:.3g}" if log else f"{value:.4g}" if abs(value) > 1e-12 else "0"


def _unbroken(x: Values, y: Values) -> list[list[tuple[float, float]]]:
    """Return the stretches without a gap."""
    stretches: list[list[tuple[float, float]]] = [[]]
    for place in zip(x.tolist(), y.tolist(), strict=True):
        if math.isfinite(place[0]) and math.isfinite(place[1]):
            stretches[-1].append(place)
        elif stretches[-1]:
            stretches.append([])
    return [stretch for stretch in stretches if stretch]
