"""Locations: where a recipe's images lie, said so that it means the same wherever the run goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ganzoo._io.os_errors import absolute
from ganzoo._recipe.recipe import Recipe


def with_absolute_paths(recipe: Recipe) -> Recipe:
    """Return the recipe with the dataset's relative paths made absolute, by the folder that the process stands in."""
    options = recipe.dataset.options
    found: dict[str, Any] = {name: absolute(path) for name, path in options if _is_relative(path)}
    if options.pack and "://" not in options.pack and _is_relative(Path(options.pack)):
        found["pack"] = str(absolute(Path(options.pack)))
    if not found:
        return recipe
    dataset = replace(recipe.dataset, options=options.model_copy(update=found))
    return recipe.model_copy(update={"dataset": dataset})


def _is_relative(value: Any) -> bool:
    return isinstance(value, Path) and not value.is_absolute() and not str(value).startswith("~")
