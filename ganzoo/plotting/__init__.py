"""Plotting: pixel-exact pictures, charts and films, as PNG, SVG, MP4, WebP or GIF. Knows no torch."""

from __future__ import annotations

from ganzoo._io.image_grid import visible
from ganzoo.plotting.canvas import Area, Band, Canvas, Line, Picture, Words
from ganzoo.plotting.chart import Chart, Curve, page
from ganzoo.plotting.class_rows import ClassRows
from ganzoo.plotting.panel_grid import Panel, Sheet
from ganzoo.plotting.video import film_bytes

__all__ = [
    "Area",
    "Band",
    "Canvas",
    "Chart",
    "ClassRows",
    "Curve",
    "Line",
    "Panel",
    "Picture",
    "Sheet",
    "Words",
    "film_bytes",
    "page",
    "visible",
]
