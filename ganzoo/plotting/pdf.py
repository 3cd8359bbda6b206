"""PDF: an SVG of ours as a page for papers, its lines and letters still lines and letters, its fonts inside.

Written by ReportLab (BSD) through svglib (LGPL), which the extra `pdf` installs.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from PIL import Image

from ganzoo.errors import GanzooError
from ganzoo.plotting.font import NAME, font_file

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SVG = "{http://www.w3.org/2000/svg}"
_PNG = "data:image/png;base64,"
_PLAIN, _BOLD = "GanzooSans", "GanzooSansBold"
_NARROWER = 0.9  # Bitstream Vera's letters are so much wider than Helvetica's, for which charts leave room
# What Vera lacks is written as people would type it.
_LACKING = str.maketrans({"↓": "(lower is better)", "↑": "(higher is better)", "→": "->", "←": "<-", "ψ": "psi"})


@dataclass(frozen=True)
class _Font:
    """What an element of an SVG hands down to those in it; a canvas names its font in a style sheet alone."""

    family: str = NAME
    size: float = 10.0
    weight: str = "normal"

    def within(self, element: Element) -> _Font:
        """Return what holds in an element."""
        return replace(
            self,
            family=element.get("font-family", self.family),
            size=float(element.get("font-size", self.size)),
            weight=element.get("font-weight", self.weight),
        )


def require_installed() -> None:
    """Raise GanzooError unless what writes PDF is installed; imports nothing."""
    missing = [name for name in ("svglib", "reportlab") if find_spec(name) is None]
    if missing:
        raise GanzooError(
            f"PDF needs {' and '.join(missing)}: pip install 'ganzoo-toolkit[pdf]'. SVG needs nothing more."
        )


def pdf(svg: str | bytes, title: str = "") -> bytes:
    """Return an SVG as a PDF of one page, 96 pixels an inch; equal input gives equal bytes.

    Args:
        svg: A chart or a canvas.
        title: What the document is called.

    Raises:
        GanzooError: ReportLab or svglib is not installed.
    """
    require_installed()
    from reportlab.graphics import renderPDF
    from reportlab.pdfgen.canvas import Canvas as Document
    from svglib.svglib import svg2rlg

    _register_fonts()
    root = ElementTree.fromstring(svg)
    _prepare(root, _Font())
    drawing = svg2rlg(io.BytesIO(ElementTree.tostring(root)))
    assert drawing is not None, "what was just parsed is well-formed"
    drawing.initialFontName = _PLAIN  # else Helvetica, which is not inside, is named
    page = io.BytesIO()
    document = Document(page, pagesize=(drawing.width, drawing.height), invariant=1, initialFontName=_PLAIN)
    document.setTitle(title)
    document.setCreator("ganzoo")
    renderPDF.draw(drawing, document, 0, 0)
    document.showPage()
    document.save()
    return page.getvalue()


@cache
def _register_fonts() -> None:
    """Make the figures' font known to both libraries, and that of charts: journals want fonts in the file."""
    import reportlab
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont
    from svglib.fonts import register_font

    folder = Path(reportlab.__file__).parent / "fonts"
    for name, file in ((NAME, io.BytesIO(font_file())), (_PLAIN, folder / "Vera.ttf"), (_BOLD, folder / "VeraBd.ttf")):
        registerFont(TTFont(name, file if isinstance(file, io.BytesIO) else str(file)))
        register_font(name, rlgFontName=name)


def _prepare(element: Element, font: _Font) -> None:
    """Give all texts below an element fonts that will be inside, and all pictures the pixels that are seen."""
    for child in [each for each in element if each.tag in (f"{_SVG}style", f"{_SVG}title", f"{_SVG}desc")]:
        element.remove(child)
    font = font.within(element)
    if element.tag == f"{_SVG}text":
        _letter(element, font)
    elif element.tag == f"{_SVG}image":
        _enlarge(element)
    for child in element:
        _prepare(child, font)


def _letter(element: Element, font: _Font) -> None:
    own = font.family == NAME
    bold = font.weight in ("bold", "600", "700")
    element.set("font-family", NAME if own else _BOLD if bold else _PLAIN)
    element.set("font-weight", "normal")
    element.set("font-size", f"{font.size * (1 if own else _NARROWER):g}")
    if not own:
        element.text = "".join(map(_writable, (element.text or "").translate(_LACKING)))


def _writable(letter: str) -> str:
    """Return a letter that the font has, else a question mark."""
    from reportlab.pdfbase.pdfmetrics import getFont

    return letter if ord(letter) in getFont(_PLAIN).face.charToGlyph else "?"


def _enlarge(element: Element) -> None:
    """Enlarge a picture by the whole factor that it is shown at: viewers of PDF smooth what they enlarge."""
    data = element.get("href", "").removeprefix(_PNG)
    with Image.open(io.BytesIO(base64.b64decode(data)), formats=["PNG"]) as image:
        factor = max(1, round(float(element.get("width", image.width)) / image.width))
        large = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    large.save(buffer, format="PNG")
    element.set("href", _PNG + base64.b64encode(buffer.getvalue()).decode("ascii"))
