"""The real images nearest to generated ones, and whether the generator remembers its training images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.extractors import Extractor
from ganzoo.contracts.reporter import Progress
from ganzoo.data.pack.pack import Pack, PackSplit
from ganzoo.errors import GanzooError
from ganzoo.figures.figure import Figure
from ganzoo.figures.memorization_report import ASSUMPTIONS, References, Report, judged
from ganzoo.figures.memorization_tests import HELD_OUT_SPLITS
from ganzoo.figures.real_images import pack_of, training_split
from ganzoo.plotting.panel_grid import Panel, Sheet
from ganzoo.scoring.features import build_extractor, extract

SAMPLES = 100
SHOWN = 8
ALARM = 0.01
PIXELS = "pixels"
_READ_AT_ONCE = 256
_NO_HELD_OUT = (
    "this data set has no held-out images, so only the nearest training images are shown and nothing is tested"
)
Space = Callable[[PixelArray], Tensor]


@dataclass(frozen=True)
class Neighbors:
    """Generated images with the real ones nearest to them.

    Attributes:
        samples: The generated images, uint8 `[N, C, R, R]`.
        seeds: Their seeds.
        reports: What each space of distances says: that of the extractor, if any, and pixels.
        training: The training images.
        held_out: The held-out images; None without such a split.
        facts: What was compared, as plain data.
    """

    samples: PixelArray
    seeds: Sequence[int]
    reports: Sequence[Report]
    training: PackSplit
    held_out: PackSplit | None
    facts: dict[str, Any]

    @property
    def order(self) -> list[int]:
        """The samples, the most suspicious first: by p-values of copying, or by ratios of nearest distances."""
        scores = [report.training.ratio if report.copies is None else report.copies for report in self.reports]
        return [int(row) for row in np.argsort(np.min(scores, axis=0), kind="stable")]

    @property
    def verdict(self) -> str:
        """What the tests say, in a sentence; each p-value is multiplied by the number of spaces."""
        if self.held_out is None:
            return _NO_HELD_OUT
        spaces = len(self.reports)
        copied = [report.copy_found * spaces for report in self.reports if report.copy_found is not None]
        leaned = [report.leaning * spaces for report in self.reports if report.leaning is not None]
        found = []
        if copied and min(copied) < ALARM:
            found.append(
                f"at least one sample is nearer to a training image than chance allows (p = {min(copied):.2g})"
            )
        if leaned and min(leaned) < ALARM:
            found.append(f"samples lean towards training images (p = {min(leaned):.2g})")
        if found:
            return "; ".join(found)
        smallest = min(1.0, *copied, *leaned)
        return f"no sign of memory in {len(self.samples):,} samples (smallest p = {smallest:.2g})"

    def figure(self, rows: int = SHOWN, scale: int | None = None) -> Figure:
        """Draw the most suspicious samples, each beside the real images nearest to it."""
        drawn = [self._row(sample) for sample in self.order[:rows]]
        kinds = ("training", "held-out") if self.held_out is not None else ("training",)
        top = ["sample", *(f"{kind} ({report.space})" for report in self.reports for kind in kinds)]
        sheet = Sheet(drawn, top=top, title=self.verdict, scale=scale)
        return Figure("neighbors", sheet.canvas(), {**self.plain(), "shown": len(drawn), "scale": sheet.enlargement})

    def _repr_png_(self) -> bytes:
        return self.figure()._repr_png_()

    def plain(self) -> dict[str, Any]:
        """Return the report as plain data: the verdict, the tests, and each sample's neighbors."""
        return {
            **self.facts,
            "verdict": self.verdict,
            "assumptions": list(ASSUMPTIONS) if self.held_out is not None else [],
            "tests": [report.plain() for report in self.reports],
            "samples": [self._sample(number) for number in self.order],
        }

    def _sample(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = {"seed": self.seeds[number]}
        for report in self.reports:
            found[report.space] = {
                "training_image": int(report.training.index[number]),
                "distance": float(report.training.distance[number]),
                "ratio_to_next_subject": float(report.training.ratio[number]),
                "p_copy_uncorrected": None if report.copies is None else float(report.copies[number]),
                "held_out_distance": None if report.held_out is None else float(report.held_out.distance[number]),
            }
        return found

    def _row(self, number: int) -> list[Panel | None]:
        row: list[Panel | None] = [Panel(self.samples[number], f"seed {self.seeds[number]}")]
        side = self.samples.shape[-1]
        for report in self.reports:
            for near, split in ((report.training, self.training), (report.held_out, self.held_out)):
                if near is not None and split is not None:
                    index = near.index[number : number + 1]
                    row.append(Panel(split.at(index, side)[0], f"{near.distance[number]:.4g}"))
        return row


def neighbors(
    subject: OpenedGenerator,
    seeds: Sequence[int] = range(SAMPLES),
    *,
    extractor: str | None = None,
    seed: int = 0,
) -> Neighbors:
    """Find the training and held-out images nearest to the images of seeds, and test whether they are too near.

    All training images are looked through, and their mirror images where training mirrors. Distances of pixels are
    root mean squares in gray levels.

    Args:
        subject: The generator, at its final stage.
        seeds: One sample each; the more, the more a test can see.
        extractor: Name of the extractor whose features are compared too; None: the one that the run is scored by;
            `pixels`: no other space.
        seed: Seed of the tests.

    Raises:
        RefusedError: The run was imported and names no data set.
        WeightsError: The extractor's weights are not there.
    """
    pack, recipe = pack_of(subject), subject.run.recipe
    if subject.resolution != pack.spec.resolution:
        raise GanzooError(f"the generator stands at {subject.resolution} pixels; neighbors are those of its last stage")
    shown = training_split(subject)
    training = pack.split(shown)
    others = [name for name in HELD_OUT_SPLITS if name in pack.splits and name != shown]
    held_out = pack.split(others[0]) if others else None
    samples, reports = subject.images(seeds), []
    mirror, told = recipe.dataset.options.mirror, subject.progress
    for name, space in _spaces(subject, extractor).items():
        unit = float(np.sqrt(samples[0].size)) if name == PIXELS else 1.0
        ours = _references(training, space, mirror, told, unit)
        theirs = None if held_out is None else _references(held_out, space, mirror, told, unit)
        reports.append(judged(name, space(samples), ours, theirs, seed))
    return Neighbors(samples, seeds, reports, training, held_out, _facts(subject, pack, training, held_out, seeds))


def _spaces(subject: OpenedGenerator, name: str | None) -> dict[str, Space]:
    """Return what turns uint8 images `[N, C, R, R]` into vectors `[N, D]`, by the name of the space."""
    spaces: dict[str, Space] = {}
    if name != PIXELS:
        chosen = subject.run.recipe.scoring.extractor
        if name is None or name == chosen.name:
            extractor: Extractor = chosen.cls(chosen.options)
        else:
            cls = subject.run.registry.part("extractor", name).cls
            extractor = cls(cls.Options())
        extractor.weights()
        spaces[extractor.name] = _features(extractor, subject)
    spaces[PIXELS] = lambda images: torch.from_numpy(images).flatten(1)
    return spaces


def _features(extractor: Extractor, subject: OpenedGenerator) -> Space:
    layer = next(iter(extractor.layers.values())).name
    module = build_extractor(extractor, (layer,), subject.device)

    def space(images: PixelArray) -> Tensor:
        return extract(module, [torch.from_numpy(images)], (layer,), device=subject.device)[layer]

    return space


def _references(split: PackSplit, space: Space, mirror: bool, told: Progress, unit: float) -> References:
    sides, parts = ((False, True) if mirror else (False,)), list[Tensor]()
    for flipped in sides:
        for images in _read(split, flipped):
            parts.append(space(images))
            told(sum(map(len, parts)), len(sides) * len(split))
    return References(torch.cat(parts), split.subjects, unit)


def _read(split: PackSplit, flipped: bool) -> Iterator[PixelArray]:
    for start in range(0, len(split), _READ_AT_ONCE):
        images = split.images(np.arange(start, min(start + _READ_AT_ONCE, len(split)), dtype=np.int64))
        yield np.ascontiguousarray(images[..., ::-1]) if flipped else images


def _facts(
    subject: OpenedGenerator, pack: Pack, training: PackSplit, held_out: PackSplit | None, seeds: Sequence[int]
) -> dict[str, Any]:
    return subject.facts(
        seeds,
        dataset=pack.name,
        fingerprint=pack.fingerprint,
        training_images=len(training),
        training_subjects=len(np.unique(training.subjects)),
        held_out_split=None if held_out is None else held_out.name,
        held_out_images=0 if held_out is None else len(held_out),
    )
