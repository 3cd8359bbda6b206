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
def list_recipes(context: typer.Context) -> None:
    """List the recipes that ship with ganzoo, and copy one to change it."""
    if context.invoked_subcommand is None:
        _list()


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


def _list() -> None:
    from rich.console import Console
    from rich.table import Table

    from ganzoo._registry.registry import Registry
    from ganzoo._start.shipped import list_shipped

    console = Console(highlight=False)
    table = Table(box=None, padding=(0, 1, 0, 0))
    names = ["recipe", "images", "pixels", "kimg", "Pflop", "networks", "scored by"]
    # The last two are for wide terminals: names of recipes begin with the networks, and none is cut.
    for name in names if console.width >= _WIDE else names[:-2]:
        side: Literal["right", "left"] = "right" if name in ("pixels", "kimg", "Pflop") else "left"
        table.add_column(name, justify=side, no_wrap=True)
    shipped = list_shipped(Registry.discover())
    for each in shipped:
        images = each.dataset + (f", {each.classes} classes" if each.classes else "")
        cells = (
            each.name,
            images,
            str(each.resolution),
            "by epochs" if each.kimg is None else f"{each.kimg:,g}",
            "" if each.petaflops is None else f"{each.petaflops:,.{0 if each.petaflops >= 10 else 3}f}",
            each.networks,
            each.extractor,
        )
        table.add_row(*cells[: len(table.columns)])
    console.print(table)
    console.print(f"Without images of your own: {', '.join(each.name for each in shipped if not each.needs_images)}.")
    console.print(
        "Pflop: arithmetic of the training, computed without penalties. A step here: ganzoo check NAME --dry-run. "
        "Where to get images: ganzoo data show DATASET. For yours: ganzoo init FOLDER"
    )
