"""Metavars: the word that stands for an option's value in `--help`, where the option states none of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from typer.models import OptionInfo

# typer would show the Python type: <int range>, <list[Path]>.
_WORDS: dict[Any, str] = {int: "N", float: "NUMBER", str: "TEXT", Path: "PATH"}


def name_values(function: Callable[..., None]) -> Callable[..., None]:
    """Give each option of a command's function a metavar; choices and switches show themselves."""
    hints = get_type_hints(function, include_extras=True)
    for hint in hints.values():
        for info in getattr(hint, "__metadata__", ()):
            if isinstance(info, OptionInfo) and info.metavar is None:
                info.metavar = _WORDS.get(_plain(hint))
    function.__annotations__ = hints  # else each reading of the annotations as text makes them once more, without
    return function


def _plain(hint: Any) -> Any:
    """Return the type of one value."""
    while hasattr(hint, "__metadata__"):
        hint = hint.__origin__
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    is_wrapped = NoneType in get_args(hint) or get_origin(hint) is list
    return _plain(kinds[0]) if is_wrapped and len(kinds) == 1 else hint
