"""Lookup of the parts that options name: in a test, among those that are installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from ganzoo._registry.registry import Registry
from ganzoo.contracts._named_only import holds_names
from ganzoo.contracts.component import ConfiguredPart

OptionsT = TypeVar("OptionsT", bound=BaseModel)


def read_options(cls: type[OptionsT], plain: Mapping[str, Any]) -> OptionsT:
    """Return options of plain data, as a recipe reads them."""
    return cls.model_validate(plain, context={"choose": _choose})


def looked_up(options: OptionsT) -> OptionsT:
    """Return options that hold the parts which they named."""
    return read_options(type(options), options.model_dump(mode="json")) if holds_names(options) else options


def _choose(kind: str, table: Mapping[str, Any]) -> ConfiguredPart[Any]:
    """Return the installed part that a table of `name` and options chooses."""
    part = Registry.discover().part(kind, table["name"])
    return ConfiguredPart(part.cls, read_options(part.cls.Options, {k: v for k, v in table.items() if k != "name"}))
