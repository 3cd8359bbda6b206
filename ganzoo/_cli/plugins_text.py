"""Text of `ganzoo plugins`: tables of what is installed, one part explained, and all of it as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ganzoo._registry.listed_part import listing_of
from ganzoo.text import literal

if TYPE_CHECKING:
    from ganzoo._registry.offers import Offer
    from ganzoo._registry.part import Failure, Part
    from ganzoo._registry.registry import Registry

_PLURALS = {"loss": "losses"}


def list_all(registry: Registry, offers: Sequence[Offer]) -> None:
    """Print a table per kind, and what is broken or should be known."""
    console = Console(highlight=False)
    listed: list[Part | Offer] = [*registry.parts(), *offers]
    for kind in dict.fromkeys(each.kind for each in listed):
        title = Text(_PLURALS.get(kind, f"{kind}s"), "bold")
        table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
        for heading in ("name", "plugin", "distribution", "version", "description"):
            table.add_column(heading, overflow="fold", style="cyan" if heading == "name" else None)
        for each in listed:
            if each.kind == kind:
                origin = each.origin
                cells = (each.name, origin.plugin, origin.distribution, origin.version, each.description)
                table.add_row(*(Text(literal(cell)) for cell in cells))
        console.print(table)
        console.print()
    if not listed and not registry.failures:
        console.print("No parts are installed; `ganzoo doctor` shows why.")
    for failure in registry.failures:
        console.print(Text("broken: ", "bold red"), Text(literal(str(failure))), sep="", soft_wrap=True)
    for note in registry.notes:
        console.print(Text("note: ", "bold yellow"), Text(literal(str(note))), sep="", soft_wrap=True)


def print_explained(parts: Iterable[Part], offers: Iterable[Offer]) -> None:
    """Print parts with their options, and commands and recipes with the command that says more of each."""
    console = Console(highlight=False)
    for part in parts:
        _explain(console, part)
    for offer in offers:
        _head(console, offer)
        console.print(Text(literal(f"More: {offer.more}")))


def _head(console: Console, each: Part | Offer) -> None:
    name = (literal(each.name), "bold cyan")
    console.print(Text.assemble((each.kind, "bold"), " ", name, f"  {literal(str(each.origin))}"))
    if each.description:
        console.print(Text(literal(each.description)))


def _explain(console: Console, part: Part) -> None:
    _head(console, part)
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


def print_schema(part: Part) -> None:
    """Print a part's options as a JSON schema."""
    typer.echo(json.dumps(listing_of(part).schema_, indent=2))


def as_json(registry: Registry, offers: Sequence[Offer]) -> str:
    """Return parts, commands and recipes, what is broken and what should be known, as JSON."""
    found: dict[str, Any] = {
        "parts": [
            _plain(each) | {"paper": each.paper, "options": [asdict(row) for row in listing_of(each).rows]}
            for each in registry.parts()
        ],
        **{f"{kind}s": [_plain(each) for each in offers if each.kind == kind] for kind in ("command", "recipe")},
        "broken": [_reason(each) for each in registry.failures],
        "notes": [_reason(each) for each in registry.notes],
    }
    return json.dumps(found, indent=1)


def _plain(each: Part | Offer) -> dict[str, Any]:
    return {"kind": each.kind, "name": each.name, **asdict(each.origin), "description": each.description}


def _reason(failure: Failure) -> dict[str, str]:
    return {**asdict(failure.origin), "reason": failure.reason}
