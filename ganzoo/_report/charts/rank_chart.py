"""Rank chart: a line per recipe, its seeds as points, its mean with interval, the ranks that it may hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ganzoo._report.charts.axis import Axis
from ganzoo._report.charts.frame import NARROW, SIZE, ChartText, bottom_axis, label, line, svg
from ganzoo._report.charts.palette import INK, color, color_class, marker
from ganzoo._report.charts.svg import fitted, tag, text_width, words

_ROW, _NARROW_ROW, _FOOT, _GAP = 30.0, 46.0, 44.0, 12.0


@dataclass(frozen=True)
class RankedRow:
    """A recipe.

    Attributes:
        name: What it is called.
        ranks: Ranks that it may hold, such as `1–3`.
        mean: Over the seeds, as it is shown.
        low: Lower end of its interval; None where there is none.
        high: Its upper end.
        seeds: Value of each training seed.
        text: The value in words, such as `12.3 ± 0.4`.
        series: Which color and marker it has.
    """

    name: str
    ranks: str
    mean: float
    low: float | None
    high: float | None
    seeds: Mapping[int, float]
    text: str = ""
    series: int = 0


@dataclass(frozen=True)
class RealImagesLine:
    """What real images get in place of generated ones: value and, if known, its error."""

    value: float
    error: float | None = None
    name: str = "real images"


def rank_chart(
    rows: Sequence[RankedRow],
    text: ChartText,
    axis_name: str,
    *,
    log: bool = False,
    real: RealImagesLine | None = None,
    width: float = 760,
) -> str:
    """Return the chart as SVG.

    Args:
        rows: Best first.
        text: Title and description.
        axis_name: Metric, unit and direction.
        log: Whether the axis is logarithmic, where all values are above 0.
        real: Drawn as a dashed line, unless it is so far away that rows could not be told apart.
        width: In pixels.
    """
    narrow = width < NARROW
    ranked = any(row.ranks for row in rows)
    ranks_wide = 4 if narrow or not ranked else max([44.0, *(text_width(row.ranks, SIZE) + 16 for row in rows)])
    names_wide = 0 if narrow else min(0.36 * width, max([60.0, *(text_width(row.name, SIZE) for row in rows)]))
    values_wide = 0 if narrow else min(0.2 * width, max([0.0, *(text_width(row.text, SIZE) for row in rows)]))
    left, right = ranks_wide + names_wide + _GAP, width - values_wide - _GAP
    height, head = (_NARROW_ROW if narrow else _ROW), 24.0
    bottom = head + height * len(rows)
    values = [value for row in rows for value in (*row.seeds.values(), row.mean, row.low, row.high)]
    known = [value for value in values if value is not None]
    log = log and min(known, default=0) > 0
    shown_real = real if real is not None and known and _near(real, known, log=log) else None
    axis = Axis.around(known + ([shown_real.value] if shown_real else []), left, right, log=log)
    parts = [bottom_axis(axis, axis_name, head, bottom)]
    if shown_real:
        parts.append(_real(shown_real, axis, head, bottom))
    if not narrow:
        parts += [*([label("rank", 4, 14, muted=True)] if ranked else []), label("recipe", ranks_wide, 14, muted=True)]
    places = _Places(axis, ranks_wide, names_wide, narrow, width)
    parts += [_row(row, head + height * index, places) for index, row in enumerate(rows)]
    return svg(text, width, bottom + _FOOT, *parts)


@dataclass(frozen=True)
class _Places:
    axis: Axis
    ranks_wide: float
    names_wide: float
    narrow: bool
    width: float


def _row(row: RankedRow, top: float, places: _Places) -> str:
    y = top + (32.0 if places.narrow else _ROW / 2)
    return tag(
        "g", *_texts(row, top, y, places), *_marks(row, y, places.axis), class_="row", data_series=str(row.series)
    )


def _texts(row: RankedRow, top: float, y: float, places: _Places) -> Iterator[str]:
    if places.narrow:
        room = places.width - text_width(row.text, SIZE) - 20
        yield label(fitted(f"{row.ranks}  {row.name}", room, SIZE), 4, top + 14, halo=True)
        yield label(row.text, places.width - 4, top + 14, anchor="end", muted=True, halo=True)
    else:
        yield label(row.ranks, 4, y + SIZE / 3, bold=True)
        yield label(fitted(row.name, places.names_wide, SIZE), places.ranks_wide, y + SIZE / 3)
        room = places.width - places.axis.end - 8
        yield label(fitted(row.text, room, SIZE), places.width - 4, y + SIZE / 3, anchor="end", muted=True)


def _marks(row: RankedRow, y: float, axis: Axis) -> Iterator[str]:
    """Yield the interval as a line, seeds as points, and the mean as an upright stroke: never a bar from zero."""
    if row.low is not None and row.high is not None:
        look = {"stroke": color(row.series), "class_": f"stroke {color_class(row.series)}", "stroke_opacity": "0.45"}
        yield tag("line", x1=axis.place(row.low), y1=y, x2=axis.place(row.high), y2=y, stroke_width=3, **look)
    yield tag("line", x1=axis.place(row.mean), y1=y - 8, x2=axis.place(row.mean), y2=y + 8, stroke=INK, class_="mean",
              stroke_width=2)  # fmt: skip
    for seed, value in row.seeds.items():
        tip = tag("title", words(f"{row.name}, seed {seed}: {value:.4g}"))
        yield marker(row.series, axis.place(value), y, 4.0, tip, opacity=0.85)


def _near(real: RealImagesLine, values: Sequence[float], *, log: bool) -> bool:
    """Whether a line at the real images' value leaves enough room to tell rows apart."""
    low, high = min(values), max(values)
    if log:
        return real.value > low / 100
    return low - 2 * (high - low) <= real.value <= high + 2 * (high - low)


def _real(real: RealImagesLine, axis: Axis, top: float, bottom: float) -> str:
    x = axis.place(real.value)
    rightwards = x < (axis.start + axis.end) / 2
    name = label(
        real.name, x + (4 if rightwards else -4), top - 10, anchor="start" if rightwards else "end", muted=True
    )
    return line(x, top - 20, x, bottom, dashed=True) + name
