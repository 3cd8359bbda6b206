"""`ganzoo recipes`: what ships, and copies of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ganzoo._cli.code_options import allowing_changed_code
from ganzoo._cli.completion import recipe_names, shipped_names
from ganzoo._cli.lazy_command import WholeLines

recipes = typer.Typer(
    name="recipes",
    cls=WholeLines,
    help="List the recipes that ship with ganzoo, say what each needs, and copy one to change it.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
)


@recipes.callback()
def list_recipes(
    context: typer.Context,
    cost: Annotated[bool, typer.Option("--cost", help="Compute what each takes, in half a minute.")] = False,
) -> None:
    """List the recipes that ship with ganzoo, say what each needs, and copy one to change it."""
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


@recipes.command()
@allowing_changed_code
def show(
    name: Annotated[str, typer.Argument(help="A recipe that ships, or a file.", autocompletion=recipe_names)],
) -> None:
    """Say what a recipe is, what it needs and takes, and what of that is missing here."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo._registry.index import discovered
    from ganzoo._start.shipped import show_recipe

    shipped, recipe, expected = show_recipe(name, discovered())
    title = shipped.title or "no title"
    lines = [f"{shipped.name}: {title}", *recipe.notes.strip().splitlines()]
    images = f"{shipped.dataset}, {shipped.resolution} pixels" + (
        f", {shipped.classes} classes" * bool(shipped.classes)
    )
    sizes = f"{expected.generator_parameters:,} and {expected.discriminator_parameters:,} parameters"
    length = "a length in epochs" if shipped.kimg is None else f"{shipped.kimg:,g} kimg"
    work = f", {_pflop(shipped.petaflops)} Pflop without penalties" if shipped.petaflops else ""
    rows = [("images", images), ("networks", f"{shipped.networks}, {sizes}"), ("scored by", shipped.extractor)]
    rows += [("takes", length + work), *((f"needs {need.kind}", need.what) for need in shipped.needs)]
    missing = [("missing here", f"{need.kind}: {need.remedy}") for need in shipped.needs if need.remedy]
    rows += missing or [("missing here", f"nothing; train it with: ganzoo run {name}")]
    lines += [f"  {what:<13} {text}" for what, text in rows]
    Terminal().info("\n".join(lines))


_WIDE = 120  # columns


def _list(cost: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from ganzoo._registry.index import discovered
    from ganzoo._start.shipped import list_shipped

    console = Console(highlight=False)
    table = Table(box=None, padding=(0, 1, 0, 0))
    # The last two are for wide terminals: names of recipes begin with the networks, and none is cut.
    names = ["recipe", "images", "pixels", "kimg", "missing", *["Pflop"] * cost]
    for name in [*names, "networks", "scored by"] if console.width >= _WIDE else names:
        side: Literal["right", "left"] = "right" if name in ("pixels", "kimg", "Pflop") else "left"
        table.add_column(name, justify=side, no_wrap=True)
    shipped, invalid = list_shipped(discovered(), cost=cost)
    for each in shipped:
        images = each.dataset + (f", {each.classes} classes" if each.classes else "")
        cells = (
            each.name,
            images,
            str(each.resolution),
            "by epochs" if each.kimg is None else f"{each.kimg:,g}",
            ", ".join(need.kind for need in each.needs if need.remedy),
            *[_pflop(each.petaflops)] * cost,
            each.networks,
            each.extractor,
        )
        table.add_row(*cells[: len(table.columns)])
    console.print(table)
    console.print(f"Without images of your own: {', '.join(each.name for each in shipped if not each.needs_images)}.")
    if invalid:
        console.print(f"Not valid here: {', '.join(invalid)}; ganzoo check NAME says why.")
    if cost:
        console.print("Pflop: arithmetic of the training, 10^15 operations, computed without penalties.")
    console.print("missing: what is not on this machine; ganzoo recipes show NAME says what it is and what brings it.")
    console.print(
        "A step here: ganzoo check NAME --dry-run. Where to get images: ganzoo data show DATASET. "
        "For yours: ganzoo init FOLDER"
    )


def _pflop(value: float | None) -> str:
    return "" if value is None else f"{value:,.{0 if value >= 10 else 3}f}"
