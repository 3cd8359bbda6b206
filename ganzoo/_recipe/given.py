"""Given recipe: a file, the name of a shipped one, a recipe or a dictionary, as one checked recipe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganzoo._recipe.find_recipe import find_recipe
from ganzoo._recipe.first_reading import judge_overrides
from ganzoo._recipe.load import changed, load
from ganzoo._recipe.pins import KEY
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.toml_source import parse, read
from ganzoo._registry.registry import Registry
from ganzoo.errors import RecipeError

_NAMELESS = "recipe"


def look_at(
    recipe: str | Path | Recipe | Mapping[str, Any], overrides: Sequence[str] = ()
) -> tuple[str, Mapping[str, Any]]:
    """Return a recipe's name and plain data, with no part imported: torch, which takes seconds, is not needed.

    Raises:
        RecipeError: There is no such file, or it is no TOML, or an override is none, or has keys or names that nothing
            that is installed knows.
    """
    if not isinstance(recipe, str | Path):
        plain = recipe.plain() if isinstance(recipe, Recipe) else recipe
        return _NAMELESS, plain if isinstance(plain, Mapping) else {}  # `given_recipe` says what it should be
    path = find_recipe(recipe)
    data = parse(read(path), str(recipe))
    judge_overrides(data, str(recipe), overrides)
    return path.stem, data


def asked_id(data: Mapping[str, Any], seed: int | None) -> str:
    """Return a hash of what is asked for, 64 hex digits: a recipe as given, less words for people and the parts' code.

    It takes no part to be looked up, so that whoever hands out runs knows them again without torch.
    """
    kept = {key: value for key, value in data.items() if key not in ("title", "paper", "notes", KEY)}
    kept["seed"] = data.get("seed", 0) if seed is None else seed
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()


def given_recipe(
    recipe: str | Path | Recipe | Mapping[str, Any],
    registry: Registry,
    overrides: Sequence[str] = (),
    seed: int | None = None,
) -> tuple[str, Recipe]:
    """Return a recipe's name, `recipe` for one that came from no file, and the recipe. Raises RecipeError."""
    if isinstance(recipe, str | Path):
        return load(recipe, registry, overrides, seed=seed)
    if isinstance(recipe, Recipe) and not overrides and seed is None:
        return _NAMELESS, recipe
    if not isinstance(recipe, Recipe | Mapping):
        raise RecipeError(
            f"{recipe!r:.80} is no recipe: give a file, the name of a recipe that ships with ganzoo, a recipe, or its "
            f"content as a dictionary"
        )
    data = recipe.plain() if isinstance(recipe, Recipe) else dict(recipe)
    return _NAMELESS, changed(data, registry, "the recipe", overrides, seed=seed)
