"""`ganzoo plugins`: what is installed: parts and their options, figures, commands, recipes, and what is broken."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo._cli.completion import part_names

if TYPE_CHECKING:
    from ganzoo._registry.offers import Offer
    from ganzoo._registry.registry import Registry


class ListFormat(StrEnum):
    """How plugins are listed."""

    RICH = "rich"
    JSON = "json"


def plugins(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            help="A part, command or recipe, or a distribution. [default: list all]", autocompletion=part_names
        ),
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="List only the names of plugins, without loading them.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the part's options as a JSON schema, for editors.")
    ] = False,
    format: Annotated[ListFormat, typer.Option(help="How the list is written.")] = ListFormat.RICH,
) -> None:
    """List the installed parts, and the commands and recipes of plugins, or show one with its options."""
    offers = _offers(context)
    if names:
        _print_names(offers)
        return
    from ganzoo._cli.plugins_text import as_json, list_all, print_explained, print_schema

    registry, is_listed = _everything(), name is None
    if name is not None:
        found = _named(name, registry, offers)
        is_listed = found is None
        registry, offers = found or _of_distribution(name, registry, offers, is_part=schema)
    if schema:
        for part in registry.parts():
            print_schema(part)
    elif format is ListFormat.JSON:
        typer.echo(as_json(registry, offers))
    elif is_listed:
        list_all(registry, offers)
    else:
        print_explained(registry.parts(), offers)


def _named(name: str, registry: Registry, offers: list[Offer]) -> tuple[Registry, list[Offer]] | None:
    """Return all that has a name, or `distribution:name`; None where nothing has."""
    from ganzoo._registry.registry import Registry

    parts, own_name = registry.find(name), name.rpartition(":")[2]
    named = [each for each in offers if each.name.rpartition(":")[2] == own_name and each.origin.is_meant_by(name)]
    return (Registry(parts), named) if parts or named else None


def _of_distribution(
    name: str, registry: Registry, offers: list[Offer], *, is_part: bool
) -> tuple[Registry, list[Offer]]:
    """Return all that a distribution offers. Raises PluginError where it is none, or a part is meant."""
    from ganzoo._registry.registry import Registry
    from ganzoo.errors import PluginError
    from ganzoo.text import did_you_mean

    qualified = f"{name}:"
    found = Registry(
        [each for each in registry.parts() if each.origin.is_meant_by(qualified)],
        [each for each in registry.failures if each.origin.is_meant_by(qualified)],
        [each for each in registry.notes if each.origin.is_meant_by(qualified)],
    )
    theirs = [each for each in offers if each.origin.is_meant_by(qualified)]
    if is_part or not (found.parts() or found.failures or theirs):
        known = {part.name for part in registry.parts()} | {each.name for each in offers}
        raise PluginError(f"no part called '{name}'{did_you_mean(name[:64], sorted(known))}{registry.suspicion()}")
    return found, theirs


def _print_names(offers: list[Offer]) -> None:
    """Print the plugins, and what has entry points of its own, as their metadata name them."""
    from ganzoo._registry.figures import FigureCatalog
    from ganzoo._registry.part import origin_of
    from ganzoo._registry.registry import plugin_entry_points
    from ganzoo.text import literal

    lines = [str(origin_of(each)) for each in plugin_entry_points()]
    figures = [origin_of(each) for found in FigureCatalog.discover().entries.values() for each in found]
    lines += [f"figure{str(each).removeprefix('plugin')}" for each in figures]
    lines += [f"{each.kind} '{each.name}' ({each.origin.distribution} {each.origin.version})" for each in offers]
    for line in lines:
        typer.echo(literal(line))


def _offers(context: typer.Context) -> list[Offer]:
    """Return the commands and recipes of plugins."""
    from ganzoo._recipe.find_recipe import shipped_recipes
    from ganzoo._registry.offers import offers

    return offers(getattr(context.find_root().command, "commands", ()), shipped_recipes())


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
