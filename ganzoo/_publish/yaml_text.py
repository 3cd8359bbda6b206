"""YAML of plain data: block style, every text in double quotes, so that any of it reads back as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def yaml_text(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """Return mappings, sequences, text, numbers and truth values as YAML 1.2; JSON's strings are YAML's as well."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            name = key if _PLAIN_KEY.fullmatch(key) else _quoted(key)
            yield from _entry(f"{name}:", item, "  ")
    else:
        for item in value:
            yield from _element(item)


def _entry(head: str, item: Any, indent: str) -> Iterator[str]:
    if _is_nested(item):
        yield head
        yield from (f"{indent}{line}" for line in _lines(item))
    else:
        yield f"{head} {_scalar(item)}"


def _element(item: Any) -> Iterator[str]:
    if not _is_nested(item):
        yield f"- {_scalar(item)}"
        return
    for number, line in enumerate(_lines(item)):
        yield f"{'  ' if number else '- '}{line}"


def _is_nested(item: Any) -> bool:
    return isinstance(item, Mapping | list | tuple) and bool(item)


def _scalar(item: Any) -> str:
    if isinstance(item, str):
        return _quoted(item)
    return json.dumps(list(item) if isinstance(item, tuple) else item, allow_nan=False)


def _quoted(text: str) -> str:
    """Return text in ASCII, as JSON; but beyond 16 bits YAML has an escape of its own, where JSON has two halves."""
    letters = (f"\\U{ord(each):08x}" if ord(each) > 0xFFFF else json.dumps(each)[1:-1] for each in text)
    return f'"{"".join(letters)}"'
