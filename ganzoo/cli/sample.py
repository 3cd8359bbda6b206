"""`ganzoo sample`: images from a trained generator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def sample(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    out: Annotated[Path | None, typer.Option(help="PNG file of the grid; <run>/samples/grid.png by default.")] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many images.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the latents.")] = 0,
    at: Annotated[int | None, typer.Option(min=0, help="The generator kept at this many images seen.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Also write each image as a PNG into this folder.")] = None,
    truncation: Annotated[float, typer.Option(min=0, max=1, help="Pull styles towards their mean; 1 is none.")] = 1.0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "auto",
) -> None:
    """Write a grid of generated images, and each alone if asked."""
    from ganzoo.cli.terminal import Terminal
    from ganzoo.training.evaluation import sample_run

    path = sample_run(run, out, count=count, seed=seed, at=at, folder=folder, truncation=truncation, device_name=device)
    Terminal().say(f"wrote {path}")
