"""Parameters of a figure's command: each option of a pydantic model as typer shows, checks and parses it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_origin

import typer

from ganzoo._random.seeds import seeds_in
from ganzoo._registry.option_types import item_type, plain_type
from ganzoo.errors import GanzooError
from ganzoo.text import spans_text

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_SPAN = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)
_LARGEST = 1e6


@dataclass(frozen=True)
class Parameter:
    """An option of a command.

    Attributes:
        signature: As a function's parameter that typer reads.
        value: From what typer gives to what the model takes.
    """

    signature: inspect.Parameter
    value: Callable[[Any], Any]


def parameters_of(fields: Mapping[str, FieldInfo]) -> dict[str, Parameter]:
    """Return the options of a command by field; a field of another type than a command can name is for Python alone."""
    found = {name: _parameter(name, field) for name, field in fields.items()}
    return {name: parameter for name, parameter in found.items() if parameter is not None}


def _parameter(name: str, field: FieldInfo) -> Parameter | None:
    option = f"--{(field.alias or name).replace('_', '-')}"
    annotation, is_optional = plain_type(field.annotation)
    default, help = field.get_default(call_default_factory=True), field.description or ""
    if annotation is bool:
        return _made(name, bool, typer.Option(option, help=help), default)
    if annotation in (int, float):
        low, high = _limits(field)
        shown = typer.Option(option, help=f"{help} [{_range(low, high)}]".removesuffix(" []"))
        made = _made(name, annotation | None if is_optional else annotation, shown, default)
        return Parameter(made.signature, lambda given: _within(option, given, low, high))
    if annotation in (str, Path) or get_origin(annotation) is Literal:
        return _made(name, annotation | None if is_optional else annotation, typer.Option(option, help=help), default)
    parse = _parser(annotation)
    if parse is None:
        return None
    text = None if default is None else spans_text(default)
    made = _made(name, str | None if is_optional else str, typer.Option(option, help=help), text)
    return Parameter(made.signature, lambda given: None if given is None else parse(option, given))


def _made(name: str, annotation: Any, option: Any, default: Any) -> Parameter:
    shown = Annotated[annotation, option]
    signature = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=shown)
    return Parameter(signature, lambda given: given)


def _limits(field: FieldInfo) -> tuple[Any, Any]:
    """Return the least and the largest value, where they are stated."""
    low = next((each.ge for each in field.metadata if hasattr(each, "ge")), None)
    high = next((each.le for each in field.metadata if hasattr(each, "le")), None)
    return low, high


def _range(low: float | None, high: float | None) -> str:
    """Return a range for people, `1<=x<=64`; nothing where neither end is stated."""
    if low is None:
        return "" if high is None else f"x<={high}"
    return f"x>={low}" if high is None else f"{low}<=x<={high}"


def _within(option: str, value: float | None, low: float | None, high: float | None) -> float | None:
    """Return a value that is not out of its range, which typer would name by one end alone."""
    if value is not None and ((low is not None and value < low) or (high is not None and value > high)):
        raise GanzooError(f"{option}: {value} is not in the range {_range(low, high)}")
    return value


def _parser(annotation: Any) -> Callable[[str, str], Any] | None:
    """Return what reads a list of this type from an option's text."""
    parsers: dict[Any, Callable[[str, str], Any]] = {int: _seeds, float: _numbers, tuple[int, int]: _spans}
    return parsers.get(item_type(annotation))


def _seeds(option: str, text: str) -> list[int]:
    try:
        return seeds_in(text)
    except GanzooError as error:
        raise GanzooError(f"{option}: {error}") from None


def _numbers(option: str, text: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found:
        raise GanzooError(f"{option} '{text[:40]}': should be numbers with commas between, such as 1,0.5,0,-1")
    for each in found:
        if not abs(each) <= _LARGEST:  # nor is NaN
            raise GanzooError(f"{option}: {each:g} is not in the range from {-_LARGEST:,.0f} to {_LARGEST:,.0f}")
    return found


def _spans(option: str, text: str) -> list[tuple[int, int]]:
    spans = []
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        if not found:
            raise GanzooError(f"{option} '{part[:40]}' is no range; write such as 4-8,16 with commas between")
        spans.append((int(found[1]), int(found[2] or found[1])))
    return spans
