"""Lazy command: listed by its name and first line, made once it is called, explained or completed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from ganzoo._cli.metavars import name_values


class LazyCommand(TyperCommand):
    """A command or group of commands that `make` makes: `--help` above it must not pay for the parameters of all."""

    def __init__(self, name: str, help: str | None, make: Callable[[], Any]) -> None:
        super().__init__(name, help=help, callback=lambda: None)
        self._make = make

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Return the context of the command that was meant."""
        return self._make().make_context(info_name, args, parent=parent, **extra)


def lazy_function(name: str, function: Callable[..., None]) -> LazyCommand:
    """Return the command of a function, whose docstring is its help."""

    def make() -> Any:
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(name)(name_values(function))
        return get_command(alone)

    return LazyCommand(name, function.__doc__, make)


def lazy_group(group: typer.Typer) -> LazyCommand:
    """Return the command of a group that states `name` and `help`."""

    def make() -> Any:
        for command in group.registered_commands:
            if command.callback is not None:
                name_values(command.callback)
        return get_command(group)

    return LazyCommand(str(group.info.name), group.info.help, make)
