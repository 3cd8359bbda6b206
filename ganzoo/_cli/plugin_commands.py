"""Commands of plugins: found by entry points of a group of their own, imported when they are called or explained.

    [project.entry-points."ganzoo.commands"]
    inspect-acme = "acme_gan.inspecting:inspect_acme"

names a function with typer's annotations, as those of ganzoo's own commands; its first line is what `--help` lists.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from typing import Any

import typer

from ganzoo._cli.lazy_command import LazyCommand, lazy_function


def plugin_commands(taken: Mapping[str, Any]) -> dict[str, LazyCommand]:
    """Return the commands of all plugins by name; by `distribution:name` where the name is taken, or two have it."""
    from ganzoo._registry.offers import command_points

    return {
        name: LazyCommand(name, _help(point), functools.partial(_made, name, point))
        for name, point in command_points(taken).items()
    }


def _help(point: EntryPoint) -> str:
    from ganzoo._registry.offers import described
    from ganzoo._registry.part import origin_of

    return f"{described(point)} ({origin_of(point).distribution})".strip()


def _made(name: str, point: EntryPoint) -> Any:
    """Import a command. Raises PluginError where it does not load, or is no function."""
    from ganzoo._registry.offers import load_command
    from ganzoo._registry.part import Failure
    from ganzoo.errors import PluginError

    found = load_command(name, point)
    if isinstance(found, Failure):
        raise PluginError(str(found))
    return lazy_function(name, _blamed(name, found), names_parts=True, opens_networks=True).make()


def _blamed(name: str, function: Callable[..., None]) -> Callable[..., None]:
    """Return the function, whose own failure is told as the plugin's."""
    from ganzoo._registry.blame import fault
    from ganzoo.errors import GanzooError, PluginError

    @functools.wraps(function)
    def command(*args: Any, **given: Any) -> None:
        try:
            function(*args, **given)
        except (GanzooError, typer.BadParameter, typer.Exit, typer.Abort):
            raise
        except Exception as error:
            raise PluginError(fault("command", function, error)) from error  # type: ignore[arg-type]

    return command
