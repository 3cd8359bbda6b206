"""Text for people: names from files, recipes and plugins never control the terminal or break a table."""

from __future__ import annotations

import re

_FORMULA_STARTS = frozenset("=+-@＝＋－＠")
_MARKDOWN_ACTIVE = re.compile(r"[\\`*\[\]<>|~&$#!{}]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_MARKDOWN_LINKS = re.compile(r"(?<=[A-Za-z]):(?=//)|(?i:(?<=www))\.")


def literal(text: str) -> str:
    r"""Return `text` with every character that does not print shown as its escape (`\x1b`, `\n`, `\udcff`).

    That covers control characters, line separators, invisible and direction-changing marks, and the lone
    surrogates that stand for undecodable bytes of file names.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def csv_cell(text: str) -> str:
    """Return `text` for a cell of a CSV file: literal, and prefixed with `'` if a spreadsheet would compute it."""
    shown = literal(text)
    return f"'{shown}" if shown.lstrip()[:1] in _FORMULA_STARTS else shown


def markdown_cell(text: str) -> str:
    """Return `text` for a cell or heading of a Markdown file, so that it renders as the same characters."""
    escaped = _MARKDOWN_ACTIVE.sub(lambda match: "\\" + match.group(), literal(text))
    return _MARKDOWN_LINKS.sub(lambda match: "\\" + match.group(), escaped)


def clip(text: str, width: int) -> str:
    """Return `text` cut to at most `width` characters, with `…` where something is missing."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def duration(seconds: float) -> str:
    """Return a time as people say it: `1 h 05 min`, `3 min 20 s`."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s"
