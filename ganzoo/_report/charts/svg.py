"""SVG elements as text: whatever is put in is escaped, and numbers are short and equal on every machine."""

from __future__ import annotations

from html import escape

from ganzoo.text import clip, literal

_CHARACTER_WIDTH = 0.56
"""Mean width of a character of a sans-serif font, in font sizes: there is no font to measure with."""

Value = str | float | None


def tag(name: str, *children: str, **attributes: Value) -> str:
    """Return an element; `class_` is `class`, `stroke_width` is `stroke-width`, None leaves an attribute out.

    Args:
        name: Of the element.
        children: Elements, or text that went through `words`.
        attributes: Text or numbers, which are escaped.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def words(text: str) -> str:
    """Return text as the content of an element, escaped."""
    return escape(literal(text), quote=False)


def number(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    rounded = round(value, 1) + 0.0
    return str(int(rounded)) if rounded == int(rounded) else f"{rounded:.1f}"


def path_data(points: list[tuple[float, float]], *, closed: bool = False) -> str:
    """Return the `d` of a path through points."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + ("Z" if closed else "")


def fitted(text: str, width: float, size: float) -> str:
    """Return text cut to what fits into so many pixels at a font size."""
    return clip(text, max(3, int(width / (size * _CHARACTER_WIDTH))))


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is, in pixels."""
    return len(text) * size * _CHARACTER_WIDTH


def _attribute(value: str | float) -> str:
    return escape(literal(value), quote=True) if isinstance(value, str) else number(value)
