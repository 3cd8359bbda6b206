"""`ganzoo init`: from one's own images to a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo._cli.completion import recipe_names
from ganzoo._cli.options import Device, SkipBad


def init(
    images: Annotated[Path, typer.Argument(help="Folder, zip, tar, array, volumes: whatever holds your images.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File for the recipe. [default: NAME.toml, in this folder]")
    ] = None,
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe", help="The recipe to start from: `ganzoo recipes` lists them.", autocompletion=recipe_names
        ),
    ] = "quickstart",
    hours: Annotated[float, typer.Option("--hours", min=0.001, help="What the run should take.")] = 1.0,
    resolution: Annotated[
        int | None, typer.Option("--resolution", min=4, help="[default: the largest that is quick enough]")
    ] = None,
    device: Device = "auto",
    skip_bad: SkipBad = False,
) -> None:
    """Look at your images and write a commented recipe that trains on them here.

    Count, sizes, color, classes, subjects and twins are found; the hours come from steps that are really taken.
    """
    from ganzoo._cli.terminal import Terminal
    from ganzoo._start.init import init_recipe

    with Terminal() as terminal:
        written = init_recipe(
            images,
            out,
            template=recipe,
            hours=hours,
            resolution=resolution,
            device=device,
            reporter=terminal,
            skip_bad=skip_bad,
        )
        for fact in written.facts:
            name, _, text = fact.partition(": ")
            terminal.info(f"{name:<12} {text}")
        terminal.info(f"{'written':<12} {written.path}; train it with: ganzoo run {written.path}")
