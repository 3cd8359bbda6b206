"""Real images of a run's data set, in the order in which its training showed them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.reporter import Progress, Silent
from ganzoo.data.pack.pack import Pack
from ganzoo.data.stream.batches import Batches
from ganzoo.errors import RefusedError
from ganzoo.figures.requirements import possible
from ganzoo.scoring.real_data import read_pack


@dataclass(frozen=True)
class Reals:
    """Real images.

    Attributes:
        pixels: uint8 `[N, C, r, r]` at the resolution of the generator's stage.
        facts: Which they are, as plain data.
    """

    pixels: PixelArray
    facts: dict[str, Any]


class _Listening(Silent):
    """A reporter that passes on how far a preparation is, and nothing else."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def progress(self, what: str) -> Progress:
        """See `Reporter.progress`."""
        return self._progress


def training_split(subject: OpenedGenerator) -> str:
    """Return the split that a run learned from."""
    return subject.run.recipe.training.split


def pack_of(subject: OpenedGenerator) -> Pack:
    """Return the images that a run learned from, prepared if need be.

    Raises:
        RefusedError: The run was imported and names no data set, or the images have changed since its training.
        DataError: They are not where the recipe says.
    """
    directory = subject.directory
    if not directory.recipe.exists():
        raise RefusedError(
            f"{directory.path} was imported and names no data set, so it has no real images to show. "
            f"It can make: {', '.join(possible(subject))}"
        )
    recipe = subject.run.recipe
    pack = read_pack(recipe.dataset, _Listening(subject.progress), skip_bad=True)
    record = subject.run.record
    if record.dataset and record.dataset.fingerprint != pack.fingerprint:
        raise RefusedError(f"the images of data set '{recipe.dataset.name}' have changed since {directory.path} began")
    return pack


def real_images(subject: OpenedGenerator, count: int, *, split: str | None = None) -> Reals:
    """Return real images of the split that was trained on, or of another; too few come again, in another order.

    Raises:
        GanzooError: They cannot be had, or there is no such split.
    """
    pack = pack_of(subject)
    split = split or training_split(subject)
    images = pack.split(split)
    indices = Batches(images, subject.run.recipe.seed, mirror=False).indices(0, count)
    facts = {"dataset": pack.name, "fingerprint": pack.fingerprint, "split": split, "count": count}
    return Reals(images.at(indices, subject.resolution), facts)
