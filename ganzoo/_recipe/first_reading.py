"""First reading: a recipe's words judged by the index of parts, before torch is imported, which takes seconds."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from ganzoo._recipe.error_messages import describe, wants_text
from ganzoo._recipe.lengths import length_errors
from ganzoo._recipe.load import changed_name, refuse_changed_code, report
from ganzoo._recipe.pins import pinned
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.toml_source import apply_override, take_as_text
from ganzoo._registry.index import indexed
from ganzoo._registry.listed_part import UNSURE
from ganzoo._registry.registry import Registry
from ganzoo.errors import RecipeError


def judge_overrides(data: dict[str, Any], where: str, overrides: Sequence[str]) -> None:
    """Judge overrides of a recipe, which they change. Raises RecipeError as `judge_words` does."""
    for override in overrides:
        apply_override(data, override)
    judge_words(data, where, overrides)


def judge_words(data: Mapping[str, Any], where: str, overrides: Sequence[str] = ()) -> None:
    """Judge a recipe as far as the index tells; all else is judged once the parts are there.

    Args:
        data: The recipe as plain data, overrides applied.
        where: What messages call it.
        overrides: Those that were applied.

    Raises:
        RecipeError: It is not valid. All its validation errors are known: where a value might be wrong too, which only
            its part can say, nothing is raised.
    """
    if "torch" in sys.modules:  # nothing to save
        return
    registry = indexed()
    if registry is not None:
        own, found = pinned(data, registry, where)
        _judge(deepcopy(own), found, where, overrides)


def _judge(data: dict[str, Any], registry: Registry, where: str, overrides: Sequence[str]) -> None:
    try:
        Recipe.model_validate(data, context={"registry": registry})
    except ValidationError as error:
        if take_as_text(data, overrides, wants_text(error)):
            return _judge(data, registry, changed_name(where, overrides), ())
        refuse_changed_code(where, error)
        if all(each["type"] != UNSURE for each in error.errors(include_url=False, include_context=False)):
            errors = describe(error, data, registry, Recipe)
            lengths = length_errors(data.get("training"))
            raise RecipeError(report(changed_name(where, overrides), [*errors, *lengths])) from None
