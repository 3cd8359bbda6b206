"""`ganzoo your-part`: how much the images of a run differ from each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from numpy.typing import NDArray


def your_part(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    count: Annotated[int, typer.Option(min=2, max=1000, help="Images to compare.")] = 64,
) -> None:
    """Say how much the images of a run differ from each other.

    Near 0: all of them are alike, as where a generator has collapsed.
    """
    import ganzoo  # here, so that `ganzoo --help` imports nothing of this

    images = ganzoo.open(run).generator().images(range(count))
    typer.echo(f"{run}: {distance(images.astype(float)):.1f} of 255 between two of {count} images, on average")


def distance(images: NDArray[Any]) -> float:
    """Return the mean absolute difference between two different images of `[N, C, R, R]`."""
    count = len(images)
    return float(sum(abs(images - each).mean() for each in images) / (count - 1))
