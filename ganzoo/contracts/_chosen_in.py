"""Chosen parts of options: those that a part's options name."""

from __future__ import annotations

from typing import Any

from ganzoo.contracts.chosen import Chooses
from ganzoo.contracts.component import ConfiguredPart


def chosen_in(options: Any) -> list[ConfiguredPart[Any]]:
    """Return the parts that the options of a part name, in their order."""
    named = [name for name, field in type(options).model_fields.items() if _chooses(field)]
    found = [getattr(options, name) for name in named]
    return [ConfiguredPart(each.cls, each.options) for each in found if each is not None]


def _chooses(field: Any) -> bool:
    return any(isinstance(each, Chooses) for each in field.metadata)
