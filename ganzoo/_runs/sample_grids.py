"""Sample grids of a run: pictures of the same latents that its training kept, by images seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ganzoo._io.image_grid import read_grid
from ganzoo._io.os_errors import shown
from ganzoo._runs.directory import RunDirectory
from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from ganzoo.contracts.component import PixelArray

LATENTS: Final = "latents"
"""Keyword in a grid's file of what tells its latents: equal where two networks drew alike."""


@dataclass(frozen=True)
class SampleGrid:
    """A grid.

    Attributes:
        pixels: Of the whole grid, `[1, H, W]` or `[3, H, W]` of uint8.
        images_seen: Real images that the network was shown by then.
        latents: What tells its latents; empty where its file does not say.
    """

    pixels: PixelArray
    images_seen: int
    latents: str


def sample_grid(run: RunDirectory, images_seen: int | None = None) -> SampleGrid:
    """Return a run's grid at so many images seen, or the last before; None: the newest.

    Raises:
        GanzooError: It kept none, as an imported run did not.
        RunError: The file is damaged.
    """
    kept = {int(path.stem): path for path in run.samples.glob("[0-9]*.png") if path.stem.isdecimal()}
    found = [count for count in kept if images_seen is None or count <= images_seen]
    if not found:
        when = "" if images_seen is None else f" of its first {images_seen:,} images"
        raise GanzooError(
            f"{shown(run.path)} kept no grid of samples{when}. ganzoo sample {shown(run.path)} draws images of it."
        )
    pixels, facts = read_grid(kept[max(found)])
    return SampleGrid(pixels, max(found), facts.get(LATENTS, ""))


def real_grid(run: RunDirectory) -> PixelArray | None:
    """Return the grid of real images beside a run's samples, of the same form; None where it has none."""
    path = run.samples / "reals.png"
    return read_grid(path)[0] if path.exists() else None
