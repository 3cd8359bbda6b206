"""Importer lacks: files in which something is missing are refused, not crashed on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ganzoo.errors import CheckpointError
from ganzoo.interchange import Record
from ganzoo.testing.failure import NotAsked, doing, require

_DEPTH = 8  # of records in records; deeper ones are more of the same


def check_partial(case: Any) -> None:
    """Require a CheckpointError, or success, where any one thing is missing."""
    lacking = list(_lacking(case.content, "", _DEPTH))
    if not lacking:
        raise NotAsked("what it is tested with has no named entries that a file could lack")
    for missing, less in lacking:
        with doing(f"recognizing a file without {missing:.80}"):
            known = case.cls.recognizes(less)
        try:
            if known:
                case.cls.read(less)
        except CheckpointError:
            continue
        except Exception as error:
            require(False, f"without {missing:.80}, read raises {type(error).__name__}, not a CheckpointError")


def _lacking(content: Any, place: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield what is left out, and the content without it: an entry, a name in a state dict, a variable of a record."""
    names, made = _named(content)
    of = f" in {place}" if place else ""
    for name in _kinds(names):
        yield f"{name!r}{of}", made({each: value for each, value in names.items() if each != name})
    for name, inside in names.items():
        if depth and not hasattr(inside, "shape"):
            for missing, less in _lacking(inside, f"{name!r}{of}", depth - 1):
                yield missing, made({**names, name: less})


def _named(content: Any) -> tuple[dict[Any, Any], Callable[[dict[Any, Any]], Any]]:
    """Return what is in a content by name, and what makes such a content again of less."""
    if isinstance(content, dict):
        return content, dict
    if isinstance(content, Record) and isinstance(content.state, dict):
        return content.state, lambda less: replace(content, state=less)
    if isinstance(content, Record):
        return dict(enumerate(content.args)), lambda less: replace(content, args=tuple(less.values()))
    if isinstance(content, list | tuple) and content:
        kind: Any = type(content)
        if all(_is_pair(each) for each in content):
            return dict(content), lambda less: kind(less.items())
        if any(isinstance(each, Record | dict) for each in content):
            return dict(enumerate(content)), lambda less: kind(less.values())
    return {}, dict


def _is_pair(value: Any) -> bool:
    """Whether a value is a name with what it names, as records hold their variables."""
    return isinstance(value, Sequence) and len(value) == 2 and isinstance(value[0], str)


def _kinds(names: Iterable[Any]) -> list[Any]:
    """Return one of the names that differ by numbers alone: layers are much alike. Numbers are places, all of them."""
    return list({name if isinstance(name, int) else re.sub(r"\d+", "0", str(name)): name for name in names}.values())
