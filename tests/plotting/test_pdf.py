"""PDF of figures: fonts inside, true intensities, the same bytes each time."""

import base64
import re
import zlib

import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.plotting import pdf as module
from ganzoo.plotting.canvas import Canvas, Line, Picture, Words

pytest.importorskip("reportlab")
pytest.importorskip("svglib")
RAMP = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
CHART = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40" font-family="Helvetica, Arial" font-size="12">'
    '<title>A title</title><text x="4" y="14" font-weight="600">1–3</text><text x="4" y="30">0.5 ± 0.1 ×10³ ↓ 中</text>'
    '<circle cx="50" cy="9" r="4" fill="#0072b2"><title>a tip</title></circle></svg>'
)


def images(data):
    """The pixels of all images on a page, which ReportLab puts into the stream of what is drawn."""
    for body in re.findall(rb"stream\s(.*?)\s?endstream", data, re.DOTALL):
        try:
            drawn = zlib.decompress(base64.a85decode(b"<~" + body.strip(), adobe=True))
        except (ValueError, zlib.error):  # a font
            continue
        for width, height, pixels in re.findall(rb"BI\s/W (\d+) /H (\d+) .*?ID\s(.*?~>)\s*EI", drawn, re.DOTALL):
            flat = zlib.decompress(base64.a85decode(b"<~" + pixels, adobe=True))
            yield np.frombuffer(flat, np.uint8).reshape(int(height), int(width), -1)


def test_a_canvas_keeps_its_intensities_enlarged_and_its_font():
    canvas = Canvas(60, 60)
    canvas.add(Picture(RAMP, 4, 4, 3), Words("seed 1", 4, 58), Line(((0, 59), (59, 59))))
    data = module.pdf(canvas.svg(), "samples")
    (pixels,) = images(data)
    assert np.array_equal(pixels[..., 0], RAMP[0].repeat(3, axis=0).repeat(3, axis=1))
    assert b"Aileron" in data and b"(samples)" in data
    assert data == module.pdf(canvas.svg(), "samples")


def test_all_fonts_of_a_chart_are_inside():
    data = module.pdf(CHART)
    assert data.count(b"/FontFile2") == 2  # plain and bold
    assert not re.search(rb"/Subtype\s*/Type1", data)  # such as Helvetica, which a viewer would have to have


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(GanzooError, match=r"needs svglib and reportlab: pip install 'ganzoo-toolkit\[pdf\]'"):
        module.pdf(CHART)
