"""Brightness: a command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def brightness(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    count: Annotated[int, typer.Option(min=1, help="Images that are looked at.")] = 64,
) -> None:
    """Say how bright the images of a run are."""
    import ganzoo

    pixels = ganzoo.sample(run, count).pixels
    typer.echo(f"{run.name}: mean intensity {pixels.mean():.1f} of 255 over {count} images")
