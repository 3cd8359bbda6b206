"""Offers: commands and recipes of plugins, and who offers them, from metadata and sources; nothing is imported."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

from ganzoo._registry.figures import first_line
from ganzoo._registry.installed import entry_points_of
from ganzoo._registry.part import PluginOrigin, origin_of
from ganzoo._registry.plugin_recipes import plugin_recipes

COMMAND_GROUP = "ganzoo.commands"


@dataclass(frozen=True)
class Offer:
    """What a plugin offers under a name and is no class that a recipe could name.

    Attributes:
        kind: `command` or `recipe`.
        name: As it is typed: `distribution:name` where others have the name too.
        origin: Who offers it.
        description: One line.
    """

    kind: str
    name: str
    origin: PluginOrigin
    description: str

    @property
    def more(self) -> str:
        """The command that says more of it."""
        return f"ganzoo {self.name} --help" if self.kind == "command" else f"ganzoo recipes show {self.name}"


def command_points(taken: Collection[str]) -> dict[str, EntryPoint]:
    """Return the entry points of all commands by name; by `distribution:name` where it is taken, or two have it."""
    points = entry_points_of(COMMAND_GROUP)
    names = [point.name for point in points]
    return {
        point.name
        if point.name not in taken and names.count(point.name) == 1
        else f"{origin_of(point).distribution}:{point.name}": point
        for point in points
    }


def offers(commands: Collection[str], recipes: Collection[str]) -> list[Offer]:
    """Return commands and recipes of all plugins, by kind and name.

    Args:
        commands: Names of ganzoo's own commands.
        recipes: Names of the recipes that ship with ganzoo.
    """
    found = [
        Offer("command", name, origin_of(point), described(point)) for name, point in command_points(commands).items()
    ]
    theirs = plugin_recipes()
    names = [*recipes, *(each.name for each in theirs)]
    for each in theirs:
        name = each.name if names.count(each.name) == 1 else f"{each.origin.distribution}:{each.name}"
        found.append(Offer("recipe", name, each.origin, _title(each.path)))
    return sorted(found, key=lambda each: (each.kind, each.name))


def described(point: EntryPoint) -> str:
    """Return the first line of a command's docstring; nothing where its source cannot be read."""
    try:
        return first_line(point)
    except (OSError, SyntaxError, ValueError, AttributeError, ImportError):
        return ""


def _title(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text("utf-8")).get("title", ""))
    except (OSError, ValueError) as error:
        return f"cannot be read: {error}"
