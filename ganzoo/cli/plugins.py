"""`ganzoo plugins`: what is installed, and what each part can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ganzoo.registry import Part, Registry


def plugins(
    name: Annotated[str | None, typer.Argument(help="A part, or distribution:part; all are listed without.")] = None,
    names: Annotated[
        bool, typer.Option("--names", help="List plugins by name alone, without loading any of them.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print a part's options as JSON schema, for editors.")
    ] = False,
) -> None:
    """List the installed parts, or explain one."""
    if names:
        from ganzoo.registry import plugin_entry_points, source_of

        for entry_point in plugin_entry_points():
            typer.echo(source_of(entry_point))
        return
    from ganzoo.errors import PluginError
    from ganzoo.registry import Registry

    registry = Registry.discover()
    if name is None:
        _list(registry)
        return
    parts = registry.find(name)
    if not parts:
        every = sorted({part.name for part in registry.parts()})
        from ganzoo.mistakes import did_you_mean

        broken = "".join(f"; it may belong to {failure}" for failure in registry.failures)
        raise PluginError(f"no part called '{name}'{did_you_mean(name, every)}{broken}")
    for part in parts:
        _schema(part) if schema else _explain(part)


def _list(registry: Registry) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ganzoo.text import literal

    console = Console(highlight=False)
    for kind in dict.fromkeys(part.kind for part in registry.parts()):
        table = Table(title=Text(f"{kind}s", "bold"), title_justify="left", box=None, padding=(0, 2, 0, 0))
        for heading in ("name", "plugin", "distribution", "version", "description"):
            table.add_column(heading, overflow="fold", style="cyan" if heading == "name" else None)
        for part in registry.parts(kind):
            source = part.source
            cells = (part.name, source.plugin, source.distribution, source.version, part.description)
            table.add_row(*(Text(literal(cell)) for cell in cells))
        console.print(table)
        console.print()
    for failure in registry.failures:
        console.print(Text("broken: ", "bold red"), Text(literal(str(failure))), sep="", soft_wrap=True)


def _explain(part: Part) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ganzoo.text import literal

    console = Console(highlight=False)
    console.print(Text.assemble((part.kind, "bold"), " ", (literal(part.name), "bold cyan"), f"  {part.source}"))
    console.print(Text(literal(part.description)))
    if part.paper:
        console.print(Text(f"Paper: {literal(part.paper)}"))
    fields = part.cls.Options.model_fields
    if not fields:
        console.print(Text("It has no options."))
        return
    properties = part.cls.Options.model_json_schema()
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("option", "type", "default", "range", "description"):
        table.add_column(heading, overflow="fold", style="cyan" if heading == "option" else None)
    for option, field in fields.items():
        told = _resolved(properties["properties"][option], properties)
        default = "required" if field.is_required() else _plain(field.get_default(call_default_factory=True))
        cells = (option, _type(told), default, _range(told), field.description or "")
        table.add_row(*(Text(literal(str(cell))) for cell in cells))
    console.print(table)


def _schema(part: Part) -> None:
    import json

    typer.echo(json.dumps(part.cls.Options.model_json_schema(), indent=2))


def _plain(value: Any) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if hasattr(value, "model_dump"):
        return str(value.model_dump(mode="json", exclude_none=True))
    return str(value)


def _resolved(told: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in told:
        found: dict[str, Any] = whole["$defs"][told["$ref"].rsplit("/", 1)[-1]]
        return found
    return told


def _type(told: dict[str, Any]) -> str:
    if "enum" in told or "const" in told:
        return "choice"
    if "anyOf" in told:
        return " or ".join(_type(each) for each in told["anyOf"] if each.get("type") != "null")
    return str(told.get("format", told.get("type", "any")))


def _range(told: dict[str, Any]) -> str:
    if "enum" in told:
        return ", ".join(str(value) for value in told["enum"])
    if "const" in told:
        return str(told["const"])
    if "anyOf" in told:
        return " or ".join(text for each in told["anyOf"] if (text := _range(each)))
    signs = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}
    return ", ".join(f"{sign} {told[key]:g}" for key, sign in signs.items() if key in told)
