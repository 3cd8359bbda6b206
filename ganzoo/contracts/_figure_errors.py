"""Figure errors: what is wrong with a figure's options, as sentences of what was found and what would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ganzoo.text import did_you_mean, requirement

_NO_SEQUENCE = ("is_instance_of", "sequence_str", "tuple_type")
_SEVERAL = {
    int: "numbers, such as [0, 1, 2] or range(8)",
    float: "numbers, such as [1, 0.5, 0]",
    tuple: "pairs of first and last, such as [(4, 8), (16, 16)]",
}


def sentences(figure: str, options: Mapping[str, FieldInfo], error: ValidationError) -> Iterator[str]:
    """Yield one for each wrong option of a figure.

    Args:
        figure: The figure's name.
        options: Its options.
        error: What pydantic found.
    """
    for each in error.errors(include_url=False):
        where = str(each["loc"][0]) if each["loc"] else ""
        if each["type"] == "extra_forbidden":
            known = list(options)
            yield f"{where}: is not an option of figure '{figure}', which has {', '.join(known)}{_hint(where, known)}"
        elif where:
            yield f"{where}: {_wanted(options.get(where), each)}, but is {str(each['input'])[:80]!r}"
        else:
            yield requirement(each["type"], each["msg"])


def _hint(word: str, known: Sequence[str]) -> str:
    hint = did_you_mean(word, known)
    return hint if hint.startswith(";") else ""


def _wanted(option: FieldInfo | None, error: ErrorDetails) -> str:
    """Return what would do, of an option or of one of its entries."""
    place = error["loc"][1:]
    if not place and error["type"] in _NO_SEQUENCE and option is not None:
        return f"should be {_SEVERAL.get(_entry_type(option.annotation), 'a list')}"
    entry = f"entry {int(place[0]) + 1} " if place and isinstance(place[0], int) else ""
    return entry + requirement(error["type"], error["msg"])


def _entry_type(annotation: Any) -> Any:
    """Return the type of a sequence's entries."""
    entry = next(iter(get_args(annotation)), None)
    while get_origin(entry) is not None:
        entry = get_args(entry)[0] if get_origin(entry) is not tuple else tuple
    return entry
