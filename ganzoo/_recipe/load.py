"""Loading of recipes: read, overridden, validated, and judged as a whole, with all validation errors in one report."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ganzoo._recipe.brought import refuse_other_penalties
from ganzoo._recipe.error_messages import describe, wants_text
from ganzoo._recipe.find_recipe import find_recipe
from ganzoo._recipe.lengths import length_errors
from ganzoo._recipe.pins import pinned, pins_of
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.selection import CHANGED_CODE
from ganzoo._recipe.toml_source import apply_override, parse, read, take_as_text
from ganzoo._registry.registry import Registry
from ganzoo.errors import ChangedCodeError, RecipeError
from ganzoo.text import clip


def load(
    name: str | Path, registry: Registry, overrides: Sequence[str] = (), *, seed: int | None = None
) -> tuple[str, Recipe]:
    """Read and check a recipe.

    Args:
        name: A path, or the name of a recipe that ships with ganzoo (`quickstart`).
        registry: Where parts are looked up.
        overrides: `training.total_kimg=10` and the like, applied before validation.
        seed: Replaces the recipe's seed.

    Returns:
        The recipe's name (the file's stem) and the recipe.

    Raises:
        RecipeError: All validation errors of the file in one report.
    """
    path = find_recipe(name)
    data = parse(read(path), str(name))
    return path.stem, changed(data, registry, str(name), overrides, seed=seed)


def changed(
    data: dict[str, Any], registry: Registry, where: str, overrides: Sequence[str] = (), *, seed: int | None = None
) -> Recipe:
    """Turn plain data, changed by overrides and seed, into a recipe. Raises RecipeError as `validate` does."""
    data = deepcopy(data)
    for override in overrides:
        apply_override(data, override)
    if seed is not None:
        data["seed"] = seed
    return validate(data, registry, where, overrides)


def validate(data: dict[str, Any], registry: Registry, where: str, overrides: Sequence[str] = ()) -> Recipe:
    """Turn plain data with overrides applied into a recipe whose parts are compatible. Raises RecipeError.

    A resolved recipe names the very parts that it means: ChangedCodeError where one is not installed as it was.
    """
    from ganzoo._recipe.compatibility import incompatibilities

    pins = pins_of(data, where)
    data, registry = pinned(data, registry, where)
    lengths = length_errors(data.get("training"))
    try:
        recipe = Recipe.model_validate(data, context={"registry": registry})
    except ValidationError as error:
        if take_as_text(data, overrides, wants_text(error)):
            return validate(data, registry, changed_name(where, overrides))
        refuse_changed_code(where, error)
        raise RecipeError(
            report(changed_name(where, overrides), [*describe(error, data, registry, Recipe), *lengths])
        ) from None
    if reasons := [*lengths, *incompatibilities(recipe)]:
        raise RecipeError(report(changed_name(where, overrides), reasons))
    refuse_other_penalties(recipe, pins)
    return recipe


def refuse_changed_code(where: str, error: ValidationError) -> None:
    """Raise ChangedCodeError where all that is wrong is that parts are not installed as they were."""
    details = error.errors(include_url=False)
    if all(each["type"] == CHANGED_CODE for each in details):
        contexts = [each["ctx"] for each in details]
        lines = dict.fromkeys(f"  {context['found']}" for context in contexts)
        remedies = dict.fromkeys(f"To go on, {context['remedy']}." for context in contexts)
        head = f"{where} was made with code that is not installed as it was:"
        raise ChangedCodeError("\n".join([head, *lines, *remedies]))


def changed_name(where: str, overrides: Sequence[str]) -> str:
    """Return what is judged: the file may be valid without what was changed."""
    return f"{where} with {clip(', '.join(overrides), 120)}" if overrides else where


def report(where: str, errors: Sequence[str]) -> str:
    """Return one text for all validation errors of a file."""
    return "\n".join([f"{where} is not a valid recipe:", *(f"  {error}" for error in errors)])
