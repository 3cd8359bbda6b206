"""`ganzoo plugins`: the installed parts and their options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo._cli.completion import part_names

if TYPE_CHECKING:
    from ganzoo._registry.part import Part
    from ganzoo._registry.registry import Registry

_PLURALS = {"loss": "losses"}


def plugins(
    name: Annotated[
        str | None, typer.Argument(help="A part, or distribution:part. [default: list all]", autocompletion=part_names)
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="List only the names of plugins, without loading them.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the part's options as a JSON schema, for editors.")
    ] = False,
) -> None:
    """List the installed parts, or show one with its options."""
    if names:
        from ganzoo._registry.part import origin_of
        from ganzoo._registry.registry import plugin_entry_points
        from ganzoo.text import literal

        for entry_point in plugin_entry_points():
            typer.echo(literal(str(origin_of(entry_point))))
        for line in _figure_names():
            typer.echo(literal(line))
        return
    from ganzoo.errors import PluginError

    registry = _everything()
    if name is None:
        _list(registry)
        return
    parts = registry.find(name)
    if not parts:
        every = sorted({part.name for part in registry.parts()})
        from ganzoo.text import did_you_mean

        raise PluginError(f"no part called '{name}'{did_you_mean(name[:64], every)}{registry.suspicion()}")
    for part in parts:
        _schema(part) if schema else _explain(part)


def _figure_names() -> list[str]:
    """Return the figures as their entry points name them."""
    from ganzoo._registry.figures import FigureCatalog
    from ganzoo._registry.part import origin_of

    entries = FigureCatalog.discover().entries
    return [f"figure{str(origin_of(each)).removeprefix('plugin')}" for found in entries.values() for each in found]


def _everything() -> Registry:
    """Return all parts, and the figures too, which have entry points of their own; from the index where it holds."""
    from ganzoo._registry.figures import FigureCatalog
    from ganzoo._registry.index import discovered, indexed, keep_index
    from ganzoo._registry.registry import Registry

    parts = indexed() or discovered()
    figures = indexed("figures")
    if figures is None:
        figures = Registry(*FigureCatalog.discover().parts())
        keep_index(figures, "figures")
    return Registry([*parts.parts(), *figures.parts()], [*parts.failures, *figures.failures], parts.notes)


def _list(registry: Registry) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ganzoo.text import literal

    console = Console(highlight=False)
    for kind in dict.fromkeys(part.kind for part in registry.parts()):
        table = Table(
            title=Text(_PLURALS.get(kind, f"{kind}s"), "bold"), title_justify="left", box=None, padding=(0, 2, 0, 0)
        )
        for heading in ("name", "plugin", "distribution", "version", "description"):
            table.add_column(heading, overflow="fold", style="cyan" if heading == "name" else None)
        for part in registry.parts(kind):
            origin = part.origin
            cells = (part.name, origin.plugin, origin.distribution, origin.version, part.description)
            table.add_row(*(Text(literal(cell)) for cell in cells))
        console.print(table)
        console.print()
    if not registry.parts():
        console.print("No parts are installed; `ganzoo doctor` shows why.")
    for failure in registry.failures:
        console.print(Text("broken: ", "bold red"), Text(literal(str(failure))), sep="", soft_wrap=True)
    for note in registry.notes:
        console.print(Text("note: ", "bold yellow"), Text(literal(str(note))), sep="", soft_wrap=True)


def _explain(part: Part) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ganzoo._registry.listed_part import listing_of
    from ganzoo.text import literal

    console = Console(highlight=False)
    console.print(
        Text.assemble((part.kind, "bold"), " ", (literal(part.name), "bold cyan"), f"  {literal(str(part.origin))}")
    )
    console.print(Text(literal(part.description)))
    if part.paper:
        console.print(Text(f"Paper: {literal(part.paper)}"))
    rows = listing_of(part).rows
    if not rows:
        console.print(Text("It has no options."))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("option", "type", "default", "range", "description"):
        table.add_column(heading, overflow="fold", style="cyan" if heading == "option" else None)
    for row in rows:
        cells = (row.name, row.type, row.default, row.range, row.description)
        table.add_row(*(Text(literal(cell)) for cell in cells))
    console.print(table)


def _schema(part: Part) -> None:
    import json

    from ganzoo._registry.listed_part import listing_of

    typer.echo(json.dumps(listing_of(part).schema_, indent=2))
