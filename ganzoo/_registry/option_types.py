"""Option types: the types of a figure's fields that its command can show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

_SINGLE = (bool, int, float, str, Path)
_ITEMS = (int, float, tuple[int, int])


def plain_type(annotation: Any) -> tuple[Any, bool]:
    """Return a type without its Annotated and its None, and whether it had None."""
    if get_origin(annotation) is Annotated:
        return plain_type(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        rest = [each for each in get_args(annotation) if each is not NoneType]
        if len(rest) == 1:
            return plain_type(rest[0])[0], True
        if set(rest) == {int, str}:  # a class by its number or its name: text, on a command line
            return str, NoneType in get_args(annotation)
    return annotation, False


def item_type(annotation: Any) -> Any:
    """Return the type of what a sequence holds that an option's text can list, else None."""
    if get_origin(annotation) is not Sequence:
        return None
    item, _ = plain_type(get_args(annotation)[0])
    return item if item in _ITEMS else None


def is_option_type(annotation: Any) -> bool:
    """Whether a command can have an option of this type."""
    plain, _ = plain_type(annotation)
    return plain in _SINGLE or get_origin(plain) is Literal or item_type(plain) is not None
