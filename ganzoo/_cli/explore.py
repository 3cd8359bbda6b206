"""`ganzoo explore`: the group of commands that show what a network learned; each draws one figure."""

from __future__ import annotations

import typer

from ganzoo._cli.figures import curves, grid, mix, noise, resolutions, spectrum, truncation
from ganzoo._cli.figures_animations import interpolate, timelapse
from ganzoo._cli.figures_probes import neighbors, pca, project

explore = typer.Typer(
    name="explore",
    help="Show what a network learned: figures, films, projection, memorisation.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for command in (
    grid,
    truncation,
    mix,
    noise,
    resolutions,
    interpolate,
    timelapse,
    project,
    neighbors,
    pca,
    curves,
    spectrum,
):
    explore.command()(command)
