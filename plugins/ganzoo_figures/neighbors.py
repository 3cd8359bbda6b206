"""Neighbors: the real images nearest to generated ones, and the test of memorization."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from ganzoo import GanzooError, GeneratorFigure, PixelArray, Scale, Seeds

if TYPE_CHECKING:
    from torch import Tensor

    from ganzoo.data import PackSplit
    from ganzoo.figures import OpenedGenerator, RunDataset
    from ganzoo_figures.memorization_report import References
    from ganzoo_figures.nearest_neighbors import NearestNeighbors

    Space = Callable[[PixelArray], Tensor]

_PIXELS = "pixels"
_READ_AT_ONCE = 256


class Neighbors(GeneratorFigure):
    """Draw nearest real images of samples, and test memorization.

    All training images are searched, and their mirror images where training mirrors. Pixel distances are root mean
    squares in gray levels.
    """

    name = "neighbors"
    needs_dataset = True
    tests_memorization = True
    without = frozenset({"resolution"})

    seeds: Seeds = Field(
        default=tuple(range(100)),
        min_length=1,
        description="Seeds of the samples; more of them make the test more powerful.",
    )
    rows: int = Field(default=8, ge=1, le=100, description="Number of samples drawn, the most suspicious first.")
    extractor: str | None = Field(
        default=None,
        description="Extractor of features compared besides pixels; `pixels`: none. [default: the score's]",
    )
    seed: int = Field(default=0, ge=0, description="Seed of the tests.")
    scale: Scale = None

    def draw(self, generator: OpenedGenerator) -> NearestNeighbors:
        """Find the training and held-out images nearest to the samples, and test whether they are too near.

        Raises:
            GanzooError: The generator is not at its final resolution.
            WeightsError: The extractor's weights are not there.
        """
        from ganzoo.figures import dataset_of
        from ganzoo_figures.memorization_report import judged
        from ganzoo_figures.nearest_neighbors import NearestNeighbors

        dataset = dataset_of(generator)
        if generator.resolution != dataset.pack.spec.resolution:
            raise GanzooError(
                f"the generator is at {generator.resolution} pixels; neighbors are found at its final resolution alone"
            )
        spaces, samples, reports = self._spaces(generator), generator.images(self.seeds), []
        for name, space in spaces.items():
            unit = float(np.sqrt(samples[0].size)) if name == _PIXELS else 1.0
            ours = _references(dataset.training, space, dataset.mirrored, generator, unit)
            theirs = None
            if dataset.held_out is not None:
                theirs = _references(dataset.held_out, space, dataset.mirrored, generator, unit)
            reports.append(judged(name, space(samples), ours, theirs, self.seed))
        facts = generator.facts(self.seeds, **_facts(dataset))
        return NearestNeighbors(
            samples, self.seeds, reports, dataset.training, dataset.held_out, facts, self.rows, self.scale
        )

    def _spaces(self, generator: OpenedGenerator) -> dict[str, Space]:
        """Return what turns uint8 images `[N, C, R, R]` into vectors `[N, D]`, by the name of the space."""
        import torch

        from ganzoo.figures import extractor_of, features_of

        spaces: dict[str, Space] = {}
        if self.extractor != _PIXELS:
            extractor = extractor_of(generator, self.extractor)
            extractor.weights()
            spaces[extractor.name] = features_of(generator, extractor)
        spaces[_PIXELS] = lambda images: torch.from_numpy(images).flatten(1)
        return spaces


def _references(split: PackSplit, space: Space, mirrored: bool, generator: OpenedGenerator, unit: float) -> References:
    import torch

    from ganzoo_figures.memorization_report import References

    ways, parts = ((False, True) if mirrored else (False,)), list["Tensor"]()
    for flipped in ways:
        for images in _read(split, flipped):
            parts.append(space(images))
            generator.progress(sum(map(len, parts)), len(ways) * len(split))
    return References(torch.cat(parts), split.subjects, unit)


def _read(split: PackSplit, flipped: bool) -> Iterator[PixelArray]:
    for start in range(0, len(split), _READ_AT_ONCE):
        images = split.images(np.arange(start, min(start + _READ_AT_ONCE, len(split)), dtype=np.int64))
        yield np.ascontiguousarray(images[..., ::-1]) if flipped else images


def _facts(dataset: RunDataset) -> dict[str, object]:
    held_out = dataset.held_out
    return {
        **dataset.facts,
        "training_images": len(dataset.training),
        "training_subjects": len(np.unique(dataset.training.subjects)),
        "held_out_split": None if held_out is None else held_out.name,
        "held_out_images": 0 if held_out is None else len(held_out),
    }
