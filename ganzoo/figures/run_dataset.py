"""Run dataset: the real images that a run learned from, and those that it did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganzoo._inference.figure_requirements import no_dataset
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.reporter import Progress, Silent
from ganzoo.data.pack.pack import Pack, PackSplit
from ganzoo.data.stream.batches import Batches
from ganzoo.errors import RefusedError
from ganzoo.scoring.protocol import HELD_OUT_SPLITS
from ganzoo.scoring.real_data import images_of, read_pack


@dataclass(frozen=True)
class RunDataset:
    """Real images of a run.

    Attributes:
        pack: All of them.
        training: Those that the run learned from.
        held_out: Others of the same dataset; None where it has none.
        mirrored: Whether training shows mirror images too.
        seed: The run's seed.
    """

    pack: Pack
    training: PackSplit
    held_out: PackSplit | None
    mirrored: bool
    seed: int

    @property
    def facts(self) -> dict[str, Any]:
        """Which images they are, as plain data for a sidecar."""
        return {"dataset": self.pack.name, "fingerprint": self.pack.fingerprint}


@dataclass(frozen=True)
class RealImages:
    """Some real images.

    Attributes:
        pixels: uint8 `[N, C, r, r]` at the resolution of the generator's stage.
        facts: Which they are, as plain data.
    """

    pixels: PixelArray
    facts: dict[str, Any]


class _ProgressAlone(Silent):
    """A reporter that passes on how far a preparation is, and nothing else."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def progress(self, what: str) -> Progress:
        """See `Reporter.progress`."""
        return self._progress


def dataset_of(generator: OpenedGenerator) -> RunDataset:
    """Return the images that a run learned from, prepared if need be.

    Raises:
        RefusedError: The run was imported and names no dataset, or the images have changed since its training.
        DataError: They are not where the recipe says.
    """
    run = generator.run
    if run.was_imported:
        raise no_dataset(generator)
    recipe = run.trained
    pack = read_pack(
        recipe.dataset, _ProgressAlone(generator.progress), skip_bad=True, begun_with=images_of(run.record)
    )
    if run.record.dataset and run.record.dataset.fingerprint != pack.fingerprint:
        raise RefusedError(f"the images of dataset '{recipe.dataset.name}' have changed since {run.path} began")
    split = recipe.training.split
    others = [name for name in HELD_OUT_SPLITS if name in pack.splits and name != split]
    held_out = pack.split(others[0]) if others else None
    return RunDataset(pack, pack.split(split), held_out, recipe.dataset.options.mirror, recipe.seed)


def real_images(generator: OpenedGenerator, count: int) -> RealImages:
    """Return real images of the split that was trained on; too few come again, in another order.

    Raises:
        GanzooError: They cannot be had.
    """
    dataset = dataset_of(generator)
    indices = Batches(dataset.training, dataset.seed, mirror=False).indices(0, count)
    facts = {**dataset.facts, "split": dataset.training.name, "count": count}
    return RealImages(dataset.training.at(indices, generator.resolution), facts)
