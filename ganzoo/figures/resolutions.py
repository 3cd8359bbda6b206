"""One sample at each resolution: the stages of a growing generator, or the images that skip outputs sum up to."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ganzoo._inference.generate import to_uint8
from ganzoo._inference.growth_stage import GrowthStage
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.capabilities import Growable, SkipOutputs
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import RefusedError
from ganzoo.figures.checkpoints import aged, kept_ages, trained_resolution
from ganzoo.figures.figure import Figure
from ganzoo.figures.requirements import require
from ganzoo.plotting.panel_grid import Panel, Sheet

_SMALLEST_SIDE = 4


def resolutions(
    subject: OpenedGenerator, seeds: Sequence[int] = range(3), *, present: bool = False, scale: int | None = None
) -> Figure:
    """Draw a row for each seed, from 4 pixels to the full side; smaller images are shown with larger pixels.

    Args:
        subject: The generator.
        seeds: One row each.
        present: Of a growing generator, draw all stages of the present weights, whose early output layers are no
            longer trained; else each resolution by the newest weights that were kept while it was the last.
        scale: Side of each pixel of the largest images; None: enough to see it.

    Raises:
        RefusedError: The generator neither grows nor sums up images of several resolutions.
    """
    require(subject, "resolutions")
    ages: dict[int, int] = {}
    if isinstance(subject.generator, Growable):
        columns, ages = _stages(subject, seeds, present)
    else:
        columns = _outputs(subject, seeds)
        if len(columns) < 2:
            raise RefusedError(
                f"this '{subject.generator.name}' makes its image at the last resolution alone (its architecture has "
                f"no skip outputs), so there is one resolution to show"
            )
    largest = max(columns)
    rows = [[Panel(_enlarged(images[row], largest)) for images in columns.values()] for row in range(len(seeds))]
    sheet = Sheet(rows, top=[f"{side}" for side in columns], left=[f"seed {seed}" for seed in seeds], scale=scale)
    facts = subject.facts(seeds, resolutions=list(columns), scale=sheet.enlargement)
    facts["ages"] = [ages.get(side, subject.images_seen) for side in columns]
    return Figure("resolutions", sheet.canvas(), facts)


def _stages(
    subject: OpenedGenerator, seeds: Sequence[int], present: bool
) -> tuple[dict[int, PixelArray], dict[int, int]]:
    final = subject.resolution
    sides = [final >> halvings for halvings in range(final.bit_length()) if final >> halvings >= _SMALLEST_SIDE]
    ages = {} if present else _last_ages(subject)
    columns = {}
    for side in reversed(sides):
        of_then = aged(subject, ages[side]) if side in ages else subject
        columns[side] = of_then.with_sampling(stage=GrowthStage(side)).images(seeds)
    return columns, ages


def _last_ages(subject: OpenedGenerator) -> dict[int, int]:
    """Return for each resolution the newest kept age, up to the subject's own, at which it was the generator's last."""
    ages = [age for age in kept_ages(subject) if age <= subject.images_seen]
    return {trained_resolution(subject, age): age for age in ages}


def _outputs(subject: OpenedGenerator, seeds: Sequence[int]) -> dict[int, PixelArray]:
    """Return the images that are summed up, by side."""
    by_side: dict[int, list[torch.Tensor]] = {}
    for seed in seeds:
        for image in _outputs_of(subject, seed):
            by_side.setdefault(image.shape[-1], []).append(to_uint8(image))
    return {side: torch.cat(images).numpy() for side, images in by_side.items()}


def _outputs_of(subject: OpenedGenerator, seed: int) -> list[torch.Tensor]:
    """Return the images `[1, C, r, r]` of one seed, with its own noise, smallest first."""
    generator, style = subject.generator, subject.styles([seed])
    assert isinstance(generator, SkipOutputs)
    latest: list[torch.Tensor] = []

    def make(rows: torch.Tensor) -> torch.Tensor:
        latest[:] = generator.outputs(style.expand(len(rows), -1, -1).to(subject.device))
        return latest[-1]

    subject.drawn(make, [seed])
    return [image[:1].float().cpu() for image in latest]


def _enlarged(image: PixelArray, side: int) -> PixelArray:
    times = side // image.shape[-1]
    return image.repeat(times, axis=1).repeat(times, axis=2)
