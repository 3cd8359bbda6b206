"""Offers: commands and recipes of plugins, and who offers them; a command is imported when it is called."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

from ganzoo._registry.figures import first_line
from ganzoo._registry.import_watch import ImportWatch
from ganzoo._registry.installed import entry_points_of
from ganzoo._registry.part import Failure, PluginOrigin, origin_of
from ganzoo._registry.plugin_recipes import plugin_recipes
from ganzoo._registry.remedy import remedy
from ganzoo._registry.validation import describe

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


def load_command(name: str, point: EntryPoint) -> Callable[..., None] | Failure:
    """Import a command, which is a function; a Failure names whose it is and what would mend it."""
    origin = origin_of(point)
    try:
        with ImportWatch(point.module.partition(".")[0]):
            found = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: nothing but the command may end it
        advice = remedy(error, point, origin)
        return Failure(origin, f"has a command '{name}' that does not load: {describe(error)}; {advice}")
    if callable(found):
        command: Callable[..., None] = found
        return command
    return Failure(
        origin,
        f"has a command '{name}' that is {found!r:.80}; its entry point should name a function with typer's "
        f"annotations, such as acme_gan.inspecting:inspect_acme",
    )


def broken_commands() -> list[Failure]:
    """Import the commands of all plugins, and return what is wrong with those that cannot be used."""
    found = [load_command(name, point) for name, point in command_points(()).items()]
    return [each for each in found if isinstance(each, Failure)]


def _title(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text("utf-8")).get("title", ""))
    except (OSError, ValueError) as error:
        return f"cannot be read: {error}"
