"""Font of all figures: Aileron (CC0), which ships with Pillow."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import cast

from PIL import ImageFont

from ganzoo.errors import GanzooError
from ganzoo.text import literal

NAME = "Aileron"
# The font is a small one; what it lacks is written as people would type it.
_LACKING = str.maketrans({"ψ": "psi", "×": "x", "–": "-", "—": "-", "−": "-", "²": "^2", "³": "^3", "→": "to"})


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font at a size in pixels.

    Raises:
        GanzooError: This Pillow was built without FreeType, and so without scalable letters.
    """
    found = ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise GanzooError("this Pillow was built without FreeType, so it cannot write words; install its usual wheel")
    return found


def font_file() -> bytes:
    """Return the font's file, to be embedded."""
    return cast(BytesIO, font(10).path).getvalue()


def width_of(words: str, size: int) -> int:
    """Return how many pixels wide words are, rounded up."""
    return -int(-font(size).getlength(writable(words)) // 1)


def writable(words: str) -> str:
    """Return words with the characters that the font has."""
    return literal(words).translate(_LACKING)
