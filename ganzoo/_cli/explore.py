"""`ganzoo explore`: one command for each installed figure, found by metadata and imported when it is asked for."""

from __future__ import annotations

from typing import Any

import typer

from ganzoo._cli.lazy_command import LazyCommand, WholeLines


class FigureGroup(WholeLines):
    """The commands of all installed figures."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the figures."""
        self._find()
        return sorted(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of a figure, or None."""
        self._find()
        if ":" in cmd_name:  # distribution:name, where two plugins offer figures of one name
            return _command_of(cmd_name, None)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command of a figure, or say which figures there are."""
        if not ctx.resilient_parsing and args and self.get_command(ctx, args[0]) is None:
            from ganzoo._registry.figures import FigureCatalog

            FigureCatalog.discover().load(args[0])
        return super().resolve_command(ctx, args)

    def _find(self) -> None:
        if self.commands:
            return
        from ganzoo._registry.figures import FigureCatalog

        catalog = FigureCatalog.discover()
        for name in catalog.names:
            self.commands[name] = _command_of(name, catalog.description(name))


def _command_of(name: str, description: str | None) -> LazyCommand:
    def make() -> Any:
        from ganzoo._cli.figure_command import figure_command
        from ganzoo._registry.figures import FigureCatalog

        return figure_command(FigureCatalog.discover().load(name))

    return LazyCommand(name, description, make)


explore = typer.Typer(
    name="explore",
    cls=FigureGroup,
    help="Draw figures of runs, such as grids, films, projections.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@explore.callback()
def _group() -> None:
    """Make it a group, though no command is known yet."""
