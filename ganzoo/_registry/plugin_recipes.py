"""Plugin recipes: TOML files that plugins bring along, found by entry points of a group of their own.

    [project.entry-points."ganzoo.recipes"]
    acme = "acme_gan.recipes"

names a folder of the package; each `NAME.toml` in it is a recipe called NAME. Nothing is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ganzoo._registry.installed import entry_points_of
from ganzoo._registry.located import located
from ganzoo._registry.part import PluginOrigin, origin_of

RECIPE_GROUP = "ganzoo.recipes"


@dataclass(frozen=True)
class PluginRecipe:
    """A recipe of a plugin: what it is called, its file, and whose it is."""

    name: str
    path: Path
    origin: PluginOrigin


def plugin_recipes() -> list[PluginRecipe]:
    """Return the recipes of all plugins, sorted by name and distribution; a folder that is not there has none."""
    found = list(_found())
    return sorted(found, key=lambda each: (each.name, each.origin.distribution))


def _found() -> Iterator[PluginRecipe]:
    for point in entry_points_of(RECIPE_GROUP):
        try:
            top, *below = point.module.split(".")
            spec = located(top)  # what is below it need be no package, only a folder
        except (ImportError, AttributeError, ValueError):  # an entry point that is no name
            continue
        for folder in (spec.submodule_search_locations if spec else None) or ():
            for path in Path(folder, *below).glob("*.toml"):
                yield PluginRecipe(path.stem, path, origin_of(point))
