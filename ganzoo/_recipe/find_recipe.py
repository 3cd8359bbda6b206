"""Finding of recipes: by path, or by the name of one that ships with ganzoo or with a plugin."""

from __future__ import annotations

from pathlib import Path

from ganzoo._registry.code import CORE_DISTRIBUTION
from ganzoo._registry.part import PluginOrigin
from ganzoo._registry.plugin_recipes import plugin_recipes
from ganzoo.errors import RecipeError
from ganzoo.text import names_meant


def recipe_folder() -> Path:
    """Return the folder of the recipes that ship with ganzoo."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parent / "recipes"


def shipped_recipes() -> list[str]:
    """Return the names of the recipes that ship with ganzoo."""
    return sorted(path.stem for path in recipe_folder().glob("*.toml"))


def find_recipe(name: str | Path) -> Path:
    """Return the file of a recipe given by path, or by the name of one that ships with ganzoo or with a plugin.

    Raises:
        RecipeError: There is none, or several plugins have one of that name.
    """
    path = Path(name)
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except OSError as error:  # a name too long, a folder that may not be entered
        raise RecipeError(f"there is no recipe file '{str(name)[:200]}': {error.strerror}") from None
    if is_file:
        return path
    is_name = path.parent in (Path(), Path("recipes")) and path.suffix in ("", ".toml")
    if is_name and (found := _named(str(name), path.stem)):
        return found  # even where a folder is called so: that of the plugin that brings the recipe
    if is_folder:
        raise RecipeError(f"{path} is a folder; name a recipe file, such as {path / 'recipe.toml'}")
    known = [*shipped_recipes(), *dict.fromkeys(each.name for each in plugin_recipes())]
    hint = names_meant(path.stem, known) or ";"
    raise RecipeError(f"there is no recipe file '{name}'{hint} `ganzoo recipes` lists those that ship")


def _named(name: str, stem: str) -> Path | None:
    """Return the file of a recipe that ships, with ganzoo or with a plugin. Raises RecipeError where several do."""
    own = stem.rpartition(":")[2]
    places = {}
    if own in shipped_recipes() and PluginOrigin("", CORE_DISTRIBUTION, "").is_meant_by(stem):
        places[f"{CORE_DISTRIBUTION}:{own}"] = recipe_folder() / f"{own}.toml"
    offered = [each for each in plugin_recipes() if each.name == own and each.origin.is_meant_by(stem)]
    places |= {f"{each.origin.distribution}:{own}": each.path for each in offered}
    if len(places) > 1:
        raise RecipeError(f"recipe '{name}' comes from several plugins; write {' or '.join(map(repr, places))}")
    return next(iter(places.values()), None)
