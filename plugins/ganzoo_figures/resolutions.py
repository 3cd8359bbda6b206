"""Resolutions: one sample at each stage of a growing generator, or the images that skip outputs sum up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ganzoo import GeneratorFigure, Growable, PixelArray, RefusedError, Scale, Seeds, SkipOutputs
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from torch import Tensor

    from ganzoo.figures import Checkpoints, FigureResult, OpenedGenerator

_SMALLEST = 4


class Resolutions(GeneratorFigure):
    """Draw samples at each resolution of the generator.

    Of generators that grow or have skip outputs.

    Of a growing generator each resolution is shown by the newest weights that were kept while it was the last one:
    early output layers are no longer trained afterwards.
    """

    name = "resolutions"
    needs = (Growable, SkipOutputs)
    without = frozenset({"resolution"})

    seeds: Seeds = tuple(range(3))
    present: bool = Field(
        default=False, description="Draw all stages from the newest weights, not each from its own checkpoint."
    )
    scale: Scale = None

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        """Draw a row for each seed, from 4 pixels to the full resolution; smaller images are shown with larger pixels.

        Raises:
            RefusedError: The architecture of the generator has no skip outputs.
        """
        from ganzoo.figures import Checkpoints, FigureResult

        seeds, seen = self.seeds, dict[int, int]()
        if isinstance(generator.generator, Growable):
            checkpoints = Checkpoints(generator)
            seen = {} if self.present else _newest_by_resolution(checkpoints)
            columns = _stages(checkpoints, self, seen)
        else:
            columns = _outputs(generator, self)
            if len(columns) < 2:
                raise RefusedError(
                    f"this '{generator.generator.name}' makes its image at the last resolution alone (its architecture "
                    f"has no skip outputs), so there is one resolution to show"
                )
        largest = max(columns)
        rows = [[Panel(_enlarged(images[row], largest)) for images in columns.values()] for row in range(len(seeds))]
        left = [f"seed {seed}" for seed in seeds]
        sheet = Sheet(rows, top=[f"{each}" for each in columns], left=left, scale=self.scale)
        facts = generator.facts(seeds, resolutions=list(columns), scale=sheet.enlargement)
        facts["images_seen_by_resolution"] = [seen.get(each, generator.images_seen) for each in columns]
        return FigureResult(self.name, sheet.canvas(), facts)


def _stages(checkpoints: Checkpoints, figure: Resolutions, seen: dict[int, int]) -> dict[int, PixelArray]:
    """Return the images of a growing generator by resolution, smallest first."""
    from ganzoo.figures import GrowthStage

    opened = checkpoints.opened
    final, columns = opened.resolution, {}
    known = [final >> halvings for halvings in range(final.bit_length()) if final >> halvings >= _SMALLEST]
    for resolution in reversed(known):
        of_then = checkpoints.at(seen[resolution]) if resolution in seen else opened
        columns[resolution] = of_then.with_sampling(stage=GrowthStage(resolution)).images(figure.seeds)
    return columns


def _newest_by_resolution(checkpoints: Checkpoints) -> dict[int, int]:
    """Return for each resolution the newest checkpoint, up to the opened one, at which it was the last one."""
    kept = [each for each in checkpoints.kept() if each <= checkpoints.opened.images_seen]
    return {checkpoints.resolution_at(images_seen): images_seen for images_seen in kept}


def _outputs(generator: OpenedGenerator, figure: Resolutions) -> dict[int, PixelArray]:
    """Return the images that are summed up, by resolution."""
    import torch

    from ganzoo.figures import to_uint8

    found: dict[int, list[Tensor]] = {}
    for seed in figure.seeds:
        for image in _outputs_of(generator, seed):
            found.setdefault(image.shape[-1], []).append(to_uint8(image))
    return {resolution: torch.cat(images).numpy() for resolution, images in found.items()}


def _outputs_of(generator: OpenedGenerator, seed: int) -> list[Tensor]:
    """Return the images `[1, C, r, r]` of one seed, with its own noise, smallest first."""
    network, style = generator.generator, generator.styles([seed])
    assert isinstance(network, SkipOutputs), "it would not grow and was let in"
    latest: list[Tensor] = []

    def make(rows: Tensor) -> Tensor:
        latest[:] = network.outputs(style.expand(len(rows), -1, -1).to(generator.device))
        return latest[-1]

    generator.drawn(make, [seed])
    return [image[:1].float().cpu() for image in latest]


def _enlarged(image: PixelArray, resolution: int) -> PixelArray:
    times = resolution // image.shape[-1]
    return image.repeat(times, axis=1).repeat(times, axis=2)
