"""`ganzoo recipes`: what ships, and copies of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ganzoo._cli.completion import shipped_names
from ganzoo._cli.lazy_command import WholeLines

recipes = typer.Typer(
    name="recipes",
    cls=WholeLines,
    help="List the recipes that ship with ganzoo, and copy one to change it.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
)


@recipes.callback()
def list_recipes(
    context: typer.Context,
    cost: Annotated[bool, typer.Option("--cost", help="Compute what each takes, in half a minute.")] = False,
) -> None:
    """List the recipes that ship with ganzoo, and copy one to change it."""
    if context.invoked_subcommand is None:
        _list(cost)


@recipes.command()
def copy(
    name: Annotated[str, typer.Argument(help="A recipe that ships.", autocompletion=shipped_names)],
    to: Annotated[Path | None, typer.Option("--to", help="File for the copy. [default: NAME.toml, here]")] = None,
) -> None:
    """Copy a recipe, comments and all; no file is ever replaced."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo._start.shipped import copy_recipe

    path = copy_recipe(name, to)
    Terminal().info(f"{path}: change it, then: ganzoo run {path}")


_WIDE = 120  # columns


def _list(cost: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from ganzoo._registry.index import discovered
    from ganzoo._start.shipped import list_shipped

    console = Console(highlight=False)
    table = Table(box=None, padding=(0, 1, 0, 0))
    # The last two are for wide terminals: names of recipes begin with the networks, and none is cut.
    names = ["recipe", "images", "pixels", "kimg", *["Pflop"] * cost]
    for name in [*names, "networks", "scored by"] if console.width >= _WIDE else names:
        side: Literal["right", "left"] = "right" if name in ("pixels", "kimg", "Pflop") else "left"
        table.add_column(name, justify=side, no_wrap=True)
    shipped = list_shipped(discovered(), cost=cost)
    for each in shipped:
        images = each.dataset + (f", {each.classes} classes" if each.classes else "")
        cells = (
            each.name,
            images,
            str(each.resolution),
            "by epochs" if each.kimg is None else f"{each.kimg:,g}",
            *[_pflop(each.petaflops)] * cost,
            each.networks,
            each.extractor,
        )
        table.add_row(*cells[: len(table.columns)])
    console.print(table)
    console.print(f"Without images of your own: {', '.join(each.name for each in shipped if not each.needs_images)}.")
    if cost:
        console.print("Pflop: arithmetic of the training, 10^15 operations, computed without penalties.")
    console.print(
        "A step here: ganzoo check NAME --dry-run. Where to get images: ganzoo data show DATASET. "
        "For yours: ganzoo init FOLDER"
    )


def _pflop(value: float | None) -> str:
    return "" if value is None else f"{value:,.{0 if value >= 10 else 3}f}"
