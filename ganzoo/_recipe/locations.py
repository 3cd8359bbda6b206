"""Locations: where a recipe's images lie, said so that it means the same wherever the run goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PureWindowsPath
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


def without_locations(data: Any) -> Any:
    """Return a recipe's plain data without where images and weights lie: for files that are passed on to others."""
    if isinstance(data, dict):
        return {key: without_locations(value) for key, value in data.items() if not _is_location(key, value)}
    return [without_locations(each) for each in data] if isinstance(data, list) else data


def _is_location(key: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    absolute_here_or_on_windows = Path(value).is_absolute() or PureWindowsPath(value).is_absolute()
    return key == "pack" or value.startswith(("~", "file:")) or absolute_here_or_on_windows
