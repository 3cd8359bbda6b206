"""Canvases, sheets and charts: true intensities, stated sizes, words inside the file."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from ganzoo.plotting.canvas import Area, Canvas, Line, Picture, Words
from ganzoo.plotting.chart import Chart, Curve, page, ticks
from ganzoo.plotting.font import writable
from ganzoo.plotting.panel_grid import Panel, Sheet

RAMP = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)


def test_intensities_are_those_of_the_images_whatever_the_scale():
    sheet = Sheet([[Panel(RAMP), Panel(255 - RAMP, "inverse")]], top=("a", "b"), scale=3).canvas()
    pixels = np.asarray(Image.open(io.BytesIO(sheet.png())))
    assert pixels.shape == (sheet.height, sheet.width)
    (picture, _) = (mark for mark in sheet.marks if isinstance(mark, Picture))
    part = pixels[picture.y : picture.y + 48, picture.x : picture.x + 48]
    assert np.array_equal(part, RAMP[0].repeat(3, axis=0).repeat(3, axis=1))


def test_intensities_survive_the_smoothing_of_lines():
    canvas = Canvas(40, 40)
    canvas.add(Picture(RAMP, 4, 4, 2), Line(((0, 39), (39, 39))))
    assert np.array_equal(canvas.raster()[4:36:2, 4:36:2], RAMP[0])


def test_one_color_makes_the_sheet_color():
    color = RAMP.repeat(3, axis=0)
    assert Sheet([[Panel(RAMP)]]).canvas().raster().ndim == 2
    mixed = Sheet([[Panel(RAMP), Panel(color)]]).canvas().raster()
    assert mixed.shape[2] == 3


def test_an_svg_holds_its_font_and_shows_words_literally():
    canvas = Canvas(60, 60)
    canvas.add(Words("<b>&\x1b", 5, 20), Picture(RAMP, 4, 4), Area(1, 1, 2, 2), Words("up", 5, 50, turned=True))
    root = ElementTree.fromstring(canvas.svg())
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["<b>&\\x1b", "up"]
    assert b"data:font/ttf;base64," in canvas.svg()
    assert b"data:image/png;base64," in canvas.svg()
    assert writable("ψ = 0.5") == "psi = 0.5"
    canvas.png()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-3, 17, [0, 5, 10, 15]),
        (1e-9, 2e-9, [1e-9, 1.2e-9, 1.4e-9, 1.6e-9, 1.8e-9, 2e-9]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert ticks(low, high, 5) == pytest.approx(expected)


def test_curves_with_gaps_constants_and_nothing_are_drawn():
    x = np.arange(2000.0)
    curves = [
        Curve("gap", x, np.where(x < 1000, np.nan, x), 0),
        Curve("point", x[:1], x[:1], 1),
        Curve("never", x, np.full(2000, np.nan), 2),
    ]
    charts = [
        Chart("several", curves, own_legend=True),
        Chart("constant", [Curve("c", x, np.full(2000, 3.0))]),
        Chart("log", [Curve("l", x, x)], log=True),
        Chart("nothing", []),
    ]
    canvas = page(charts, title="title")
    lines = [mark for mark in canvas.marks if isinstance(mark, Line)]
    assert max(len(line.places) for line in lines) <= 600
    assert all(0 <= px <= canvas.width and 0 <= py <= canvas.height for line in lines for px, py in line.places)
    assert canvas.raster().shape == (canvas.height, canvas.width, 3)
