"""Frame of a chart: title and description for readers, axes with their names, the legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganzoo._report.charts.axis import Axis
from ganzoo._report.charts.palette import FONT, GROUND, INK, LINE, MUTED, marker
from ganzoo._report.charts.svg import fitted, tag, text_width, words

SIZE = 12.0
NARROW = 500
"""Below so many pixels, names stand above their rows and axes have fewer numbers."""
_LEGEND_ROW, _LEGEND_GAP, _LONGEST = 18.0, 14.0, 240.0


@dataclass(frozen=True)
class ChartText:
    """What a chart says of itself.

    Attributes:
        title: What it shows, for screen readers and as a tooltip.
        description: What is to be seen in it, in a sentence or two.
        key: Begins the identifiers in it, which must differ within a page.
    """

    title: str
    description: str
    key: str = "chart"


def svg(text: ChartText, width: float, height: float, *parts: str) -> str:
    """Return a whole chart."""
    title, description = f"{text.key}-title", f"{text.key}-desc"
    return tag(
        "svg",
        tag("title", words(text.title), id=title),
        tag("desc", words(text.description), id=description),
        tag("rect", width=width, height=height, fill=GROUND, class_="ground"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{title} {description}",
        font_family=FONT,
        font_size=SIZE,
    )


def label(
    text: str, x: float, y: float, *, anchor: str = "start", muted: bool = False, bold: bool = False, halo: bool = False
) -> str:
    """Return a line of text; one with a halo is readable across lines."""
    return tag(
        "text",
        words(text),
        x=x,
        y=y,
        fill=MUTED if muted else INK,
        class_=("muted" if muted else "ink") + (" halo" if halo else ""),
        text_anchor=anchor if anchor != "start" else None,
        font_weight="600" if bold else None,
        stroke=GROUND if halo else None,
        stroke_width=3 if halo else None,
        paint_order="stroke" if halo else None,
    )


def line(x1: float, y1: float, x2: float, y2: float, *, dashed: bool = False) -> str:
    """Return a thin line of the grid."""
    dashes = "4 3" if dashed else None
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=LINE, class_="rule", stroke_dasharray=dashes)


def bottom_axis(axis: Axis, name: str, top: float, bottom: float, *, grid: bool = True) -> str:
    """Return numbers and lines of a horizontal axis, its name below."""
    parts = []
    most = max(3, min(8, int(abs(axis.end - axis.start) / 70)))
    for value in axis.ticks(most):
        x = axis.place(value)
        parts += [line(x, top, x, bottom)] if grid else []
        parts.append(label(axis.label(value), x, bottom + 16, anchor="middle", muted=True))
    fits = fitted(name, abs(axis.end - axis.start) + 60, SIZE)
    parts.append(label(fits, (axis.start + axis.end) / 2, bottom + 34, anchor="middle", muted=True))
    return "".join(parts)


def left_axis(axis: Axis, name: str, left: float, right: float, *, name_y: float) -> str:
    """Return numbers and lines of a vertical axis, its name above."""
    parts = [label(fitted(name, right - left + 40, SIZE), 4, name_y, muted=True)]
    for value in axis.ticks(max(3, min(7, int(abs(axis.end - axis.start) / 40)))):
        y = axis.place(value)
        parts += [
            line(left, y, right, y),
            label(axis.label(value), left - 8, y + SIZE / 3, anchor="end", muted=True),
        ]
    return "".join(parts)


def legend(names: Sequence[tuple[int, str]], width: float, top: float) -> tuple[str, float]:
    """Return names of series behind their markers, in as many lines as they need, and where the last line ends.

    Args:
        names: Series and name of each.
        width: Of the chart, in pixels.
        top: Where the first line begins.
    """
    parts, x, y = [], 10.0, top + SIZE
    for series, name in names:
        shown = fitted(name, min(_LONGEST, width - 30), SIZE)
        wide = text_width(shown, SIZE) + 16 + _LEGEND_GAP
        if x + wide > width and x > 10:
            x, y = 10.0, y + _LEGEND_ROW
        parts.append(
            tag(
                "g",
                *([tag("title", words(name))] if shown != name else []),
                marker(series, x, y - 4),
                label(shown, x + 10, y),
                data_series=str(series),
            )
        )
        x += wide
    return "".join(parts), y + _LEGEND_ROW / 2 if names else top
