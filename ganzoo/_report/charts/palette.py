"""Palette: colors that stay apart for the color-blind, each with a marker of its own shape."""

from __future__ import annotations

import math

from ganzoo._report.charts.svg import number, tag

COLORS = ("#0072b2", "#d55e00", "#00805e", "#b0568a", "#8a6100", "#2f86c1", "#6a51a3", "#5b5b5b")
"""Okabe and Ito's colors (jfly.uni-koeln.de/color), the light ones darkened to 3 : 1 against white."""
OTHERS = "#8c8c8c"
INK, MUTED, LINE, GROUND = "#1b1f24", "#57606a", "#d0d7de", "#ffffff"
FONT = "Helvetica, Arial, sans-serif"

_CORNERS = {1: (4, 45), 2: (3, -90), 3: (4, 0), 4: (3, 90), 5: (6, 0), 6: (5, -90)}
"""By shape: how many corners, and the angle of the first; the shapes that are not here are a circle and a cross."""


def color(series: int) -> str:
    """Return the color of a series; those beyond the palette are gray."""
    return COLORS[series] if 0 <= series < len(COLORS) else OTHERS


def color_class(series: int) -> str:
    """Return the class by which a page may color a series otherwise."""
    return f"s{series}" if 0 <= series < len(COLORS) else "s-other"


def marker(series: int, x: float, y: float, radius: float = 4.0, *children: str, opacity: float | None = None) -> str:
    """Return the marker of a series at a place."""
    look = {"fill": color(series), "class_": f"fill {color_class(series)}", "fill_opacity": opacity and str(opacity)}
    shape = series % len(COLORS) if series >= 0 else 0
    if shape in _CORNERS:
        corners, first = _CORNERS[shape]
        angles = [math.radians(first + 360 * corner / corners) for corner in range(corners)]
        reach = radius * 1.2
        points = " ".join(f"{number(x + reach * math.cos(a))},{number(y + reach * math.sin(a))}" for a in angles)
        return tag("polygon", *children, points=points, **look)
    if shape == len(COLORS) - 1:
        side = radius * 0.7
        cross = (
            f"M{number(x - radius)} {number(y - side / 2)}h{number(2 * radius)}v{number(side)}h{number(-2 * radius)}z"
        )
        cross += f"M{number(x - side / 2)} {number(y - radius)}h{number(side)}v{number(2 * radius)}h{number(-side)}z"
        return tag("path", *children, d=cross, **look)
    return tag("circle", *children, cx=x, cy=y, r=radius, **look)
