"""Lazy command: listed by its name and first line, made once it is called, explained or completed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from ganzoo._cli.code_options import allowing_changed_code, taking_plugin_files
from ganzoo._cli.metavars import name_values
from ganzoo.text import plain_message


class LazyCommand(TyperCommand):
    """A command or group of commands that `make` makes: `--help` above it must not pay for the parameters of all."""

    def __init__(self, name: str, help: str | None, make: Callable[[], Any]) -> None:
        super().__init__(name, help=help, callback=lambda: None)
        self._make = make

    def make(self) -> Any:
        """Return the command that was meant."""
        return self._make()

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Return the context of the command that was meant."""
        return self._make().make_context(info_name, args, parent=parent, **extra)


class WholeLines(TyperGroup):
    """A group whose help lists its commands with their whole first sentences, in sections where it has some.

    Attributes:
        sections: Names of commands by heading; what is in none comes last.
    """

    sections: ClassVar[Mapping[str, Sequence[str]]] = {}

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what is wrong with an option is said in plain words."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = plain_message(error.message)
            raise

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the lists of commands: click would cut each line at the edge."""
        rest = list(self.list_commands(ctx))
        for title, names in (*self.sections.items(), ("From plugins" if self.sections else "Commands", tuple(rest))):
            listed = [(name, self.get_command(ctx, name)) for name in names if name in rest]
            rows = [
                (name, _first_paragraph(command.help)) for name, command in listed if command and not command.hidden
            ]
            rest = [name for name in rest if name not in names]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").strip().partition("\n\n")[0].split())


def lazy_function(
    name: str, function: Callable[..., None], *, names_parts: bool = False, opens_networks: bool = False
) -> LazyCommand:
    """Return the command of a function, whose docstring is its help.

    Args:
        name: What it is called.
        function: What it does.
        names_parts: Whether it takes plugin files.
        opens_networks: Whether it may be allowed to go on with changed code.
    """
    wrapped = allowing_changed_code(function) if opens_networks else function

    def make() -> Any:
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(name)(name_values(taking_plugin_files(wrapped) if names_parts else wrapped))
        return get_command(alone)

    return LazyCommand(name, function.__doc__, make)


def lazy_group(group: typer.Typer) -> LazyCommand:
    """Return the command of a group that states `name` and `help`."""

    def make() -> Any:
        for command in group.registered_commands:
            if command.callback is not None:
                command.callback = name_values(taking_plugin_files(command.callback))
        return get_command(group)

    return LazyCommand(str(group.info.name), group.info.help, make)
