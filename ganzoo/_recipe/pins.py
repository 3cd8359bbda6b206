"""Pins of a resolved recipe: which part each of its names means, with distribution, version and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from ganzoo._recipe.brought import KIND, brought_codes
from ganzoo._recipe.selection import Selection
from ganzoo._registry.code import PartCode
from ganzoo._registry.pinned import Pins
from ganzoo._registry.registry import Registry
from ganzoo.errors import RecipeError

KEY = "parts"
_PINS = TypeAdapter(dict[str, dict[str, PartCode]])


def pins_of(data: Mapping[str, Any], where: str) -> Pins:
    """Return the pins of a recipe's plain data; none where it was not resolved yet. Raises RecipeError."""
    try:
        return _PINS.validate_python(data.get(KEY, {}))
    except ValidationError as error:
        at = ".".join(map(str, (KEY, *error.errors()[0]["loc"])))
        raise RecipeError(
            f"{where} is not a valid recipe:\n  {at}: {error.errors()[0]['msg'].lower()}; ganzoo writes [{KEY}] into "
            f"resolved recipes: leave the whole of it out to take the parts that are installed"
        ) from None


def pinned(data: Mapping[str, Any], registry: Registry, where: str) -> tuple[dict[str, Any], Registry]:
    """Return a recipe's data without its pins, and the registry that finds the very parts that they name."""
    pins = pins_of(data, where)
    return {key: value for key, value in data.items() if key != KEY}, registry.pinned(pins) if pins else registry


def selections_of(section: Any) -> Iterator[Selection]:
    """Yield all parts that a recipe, or a section of it, chose, in the order of its keys, and those that they name."""
    if isinstance(section, Selection):
        yield section
        yield from selections_of(section.options)
    elif isinstance(section, BaseModel):
        for key in type(section).model_fields:
            yield from selections_of(getattr(section, key))
    elif isinstance(section, tuple | list):
        for entry in section:
            yield from selections_of(entry)
    elif isinstance(section, dict):
        for entry in section.values():
            yield from selections_of(entry)


def changed_pins(section: BaseModel, pins: Pins) -> Iterator[str]:
    """Yield the code of each part that was chosen and is not what its pin says."""
    for chosen in selections_of(section):
        pin, code = pins.get(chosen.part.kind, {}).get(chosen.name), chosen.part.code
        if pin is not None and (pin.version, pin.source) != (code.version, code.source):
            yield f"{chosen.part.kind} '{chosen.name}': {code}"


def plain_pins(section: BaseModel) -> dict[str, Any]:
    """Return the pins of all parts that were chosen, as a resolved recipe has them, from the files on disk."""
    found: dict[str, dict[str, Any]] = {}
    for chosen in selections_of(section):
        found.setdefault(chosen.part.kind, {})[chosen.name] = chosen.part.code.model_dump(mode="json")
    for name, code in brought_codes(section):
        found.setdefault(KIND, {})[name] = code.model_dump(mode="json")
    return {kind: dict(sorted(names.items())) for kind, names in sorted(found.items())}
