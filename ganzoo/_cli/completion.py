"""Completion: what the shell offers for recipes, parts, `--set` and runs, from files alone: torch takes seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganzoo._registry.registry import Registry

_CHOSEN = ("dataset", "generator", "discriminator", "loss", "augmentation")
_MOST = 500  # entries of a folder that are looked at
# Sections that belong to the core: their models would import what takes long.
_LISTS = {"regularizers": "regularizer"}
_MOVERS = {f"training.{player}_optimizer": "optimizer" for player in ("generator", "discriminator")}


def shipped_names(incomplete: str) -> list[str]:
    """Offer the recipes that ship, with ganzoo or with plugins."""
    from ganzoo._recipe.find_recipe import shipped_recipes
    from ganzoo._registry.plugin_recipes import plugin_recipes

    names = dict.fromkeys([*shipped_recipes(), *(each.name for each in plugin_recipes())])
    return [name for name in names if name.startswith(incomplete)]


def recipe_names(incomplete: str) -> list[str]:
    """Offer the recipes that ship, and TOML files and folders that may hold some."""
    return shipped_names(incomplete) + [
        f"{path}/" if path.is_dir() else str(path)
        for path in _beside(incomplete)
        if path.is_dir() or path.suffix == ".toml"
    ]


def run_folders(incomplete: str) -> list[str]:
    """Offer the runs of the folder that is being typed, or of `runs`."""
    found = list(_beside(incomplete or "runs/"))
    return [str(path) for path in dict.fromkeys(found) if path.is_dir() and (path / "record.json").is_file()] or [
        f"{path}/" for path in found if path.is_dir()
    ]


def part_names(incomplete: str) -> list[str]:
    """Offer the installed parts."""
    known = _indexed()
    names = {part.name for part in known.parts()} if known else set[str]()
    return sorted(name for name in names if name.startswith(incomplete))


def distributions(incomplete: str) -> list[str]:
    """Offer the installed distributions with plugins, and Python files."""
    from ganzoo._registry.part import origin_of
    from ganzoo._registry.registry import plugin_entry_points

    names = sorted({origin_of(point).distribution for point in plugin_entry_points()})
    files = [str(path) for path in _beside(incomplete) if path.suffix == ".py"]
    return [name for name in names if name.startswith(incomplete)] + files


def callback_names(incomplete: str) -> list[str]:
    """Offer the installed callbacks."""
    known = _indexed()
    return sorted(part.name for part in known.parts("callback") if part.name.startswith(incomplete)) if known else []


def overrides(incomplete: str) -> list[str]:
    """Offer keys of recipes, and the names of parts behind `section.name=`."""
    key, equals, _ = incomplete.partition("=")
    offered: Iterable[str] = (f"{key}={value}" for value in _values(key)) if equals else _keys()
    return sorted({each for each in offered if each.startswith(incomplete)})


def _keys() -> Iterator[str]:
    from ganzoo._recipe.recipe import Recipe
    from ganzoo._recipe.schema import GrowthSettings, ScoringSettings, TrainingSettings

    yield from (f"{key}=" for key in ("seed", "title", "notes") if key in Recipe.model_fields)
    inner: dict[str, type[Any]] = {
        "training": TrainingSettings,
        "training.growth": GrowthSettings,
        "scoring": ScoringSettings,
    }
    yield from (f"{section}.{key}=" for section, model in inner.items() for key in model.model_fields)
    known = _indexed()
    for section, kind in {**{each: each for each in _CHOSEN}, **_MOVERS, "regularizers.0": "regularizer"}.items():
        yield f"{section}.name="
        if known:
            yield from (f"{section}.{key}=" for part in known.parts(kind) for key in part.cls.Options.model_fields)


def _values(key: str) -> Iterator[str]:
    """Yield what a key may be: names of parts, choices and switches."""
    known = _indexed()
    section, _, last = key.rpartition(".")
    kind = _MOVERS.get(section) or _LISTS.get(section.partition(".")[0], section.removeprefix("scoring."))
    if known is None or not kind:
        return
    if last == "name":
        yield from (part.name for part in known.parts(kind))
    for part in known.parts(kind):
        schema = part.cls.listing.schema_.get("properties", {}).get(last, {})
        yield from map(str, schema.get("enum", ()))
        if schema.get("type") == "boolean":
            yield from ("true", "false")


def _indexed() -> Registry | None:
    from ganzoo._registry.index import indexed

    return indexed()


def _beside(incomplete: str) -> Iterator[Path]:
    """Yield what lies where a path is being typed and begins as it does, hidden files left out."""
    head, slash, start = incomplete.rpartition("/")
    folder = Path(head or slash or ".")
    try:
        names = sorted(path.name for path in folder.iterdir())[:_MOST]
    except OSError:
        return
    yield from (
        folder / name if head or slash else Path(name)
        for name in names
        if name.startswith(start) and not name.startswith(".")
    )
