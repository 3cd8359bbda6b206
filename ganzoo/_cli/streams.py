"""Standard streams of terminals that are not UTF-8: characters that they lack are written as near ones."""

from __future__ import annotations

import codecs
from contextlib import suppress
from typing import TextIO

_NEAR = {
    "×": "x",
    "±": "+-",
    "—": "-",
    "–": "-",
    "−": "-",
    "─": "-",
    "━": "=",
    "│": "|",
    "█": "#",
    "░": ".",
    "▸": ">",
    "†": "+",
    "‡": "++",
    "↓": "v",
    "↑": "^",
    "→": "->",
    "…": "...",
    "≤": "<=",
    "≥": ">=",
    "·": ".",
    "³": "^3",
    "²": "^2",
    "ψ": "psi",
}


def take_any_text(stream: TextIO) -> None:
    """Let a stream take any text, whatever its encoding is."""
    codecs.register_error("ganzoo-near", _near)
    with suppress(AttributeError, OSError, ValueError):  # what is no file has no encoding to lack characters
        stream.reconfigure(errors="ganzoo-near")  # type: ignore[attr-defined]


def _near(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_NEAR.get(char) or char.encode("ascii", "backslashreplace").decode() for char in missing), error.end
