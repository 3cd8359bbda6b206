"""Noise: the same style with several noises, how much that moves, and noise in some layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from ganzoo import GeneratorFigure, NoiseInputs, NoiseMode, NoiseResolutions, PixelArray, Scale, Seeds
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from torch import Tensor

    from ganzoo.figures import FigureResult, OpenedGenerator

_SHOWN = 3
_COARSE_TO = 32  # arXiv:1812.04948, figure 5: fine is 64 and above; here the upper half where there is less


class Noise(GeneratorFigure):
    """Draw the effect of the noise inputs.

    Columns: several noises, the deviation over them, and noise in all, fine, coarse and no layers.

    Where the generator cannot choose noise by resolution, a row ends with all and none. The deviation is multiplied by
    a power of two that all rows share and the figure states.

    Paper: StyleGAN, arXiv:1812.04948, figures 4 and 5.
    """

    name = "noise"
    needs = (NoiseInputs,)
    without = frozenset({"noise_mode"})

    seeds: Seeds = tuple(range(3))
    realizations: int = Field(default=32, ge=2, description="Number of noises that the deviation is taken over.")
    scale: Scale = None

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        """Draw a row for each seed."""
        from ganzoo.figures import FigureResult

        seeds, count = self.seeds, self.realizations
        drawn = [
            _with_noises(generator.within(number * count, len(seeds) * count), seed, count)
            for number, seed in enumerate(seeds)
        ]
        deviations = [images.astype(np.float64).mean(axis=1).std(axis=0)[None] for images in drawn]
        largest = max(float(each.max()) for each in deviations)
        gain, some = _gain(largest), _layered(generator, seeds)
        rows = [
            [
                *(Panel(image) for image in images[:_SHOWN]),
                Panel(np.floor(gain * deviation + 0.5).clip(0, 255).astype(np.uint8)),
                *(Panel(each[row]) for each in some.values()),
            ]
            for row, (images, deviation) in enumerate(zip(drawn, deviations, strict=True))
        ]
        shown = min(_SHOWN, count)
        top = [*(f"noise {number}" for number in range(shown)), f"deviation x{gain}", *some]
        left = [f"seed {seed}" for seed in seeds]
        sheet = Sheet(rows, top=top, left=left, scale=self.scale, break_after=(shown - 1, shown))
        facts: dict[str, Any] = generator.facts(seeds, scale=sheet.enlargement)
        facts |= {"realizations": count, "deviation_gain": gain, "noise_mode": list(some), "largest_deviation": largest}
        return FigureResult(self.name, sheet.canvas(), facts)


def _with_noises(generator: OpenedGenerator, seed: int, count: int) -> PixelArray:
    """Return the image of one seed under noises 0, 1, ...: `[count, C, R, R]`."""
    latent, label = generator.latents([seed]), generator.labels([seed])
    generator = generator.with_sampling(noise_mode="random")
    return generator.images_of(latent.expand(count, -1), label.expand(count, -1), range(count))


def _gain(largest: float) -> int:
    """Return the largest power of two that brings no deviation above 255."""
    gain = 1
    while gain < 64 and largest * gain * 2 <= 255:
        gain *= 2
    return gain


def _layered(generator: OpenedGenerator, seeds: Sequence[int]) -> dict[str, PixelArray]:
    """Return the images of seeds with noise in some layers, by what is said of them."""
    everywhere = {"all": "random", "none": "none"}
    images = {name: generator.with_sampling(noise_mode=mode).images(seeds) for name, mode in everywhere.items()}
    if not isinstance(generator.generator, NoiseResolutions):
        return images
    known = [each for each in generator.generator.noise_resolutions() if each <= generator.resolution]
    border = _COARSE_TO if max(known) > _COARSE_TO else known[(len(known) - 1) // 2]
    coarse: dict[int, NoiseMode] = {each: "random" if each <= border else "none" for each in known}
    fine: dict[int, NoiseMode] = {each: "none" if each <= border else "random" for each in known}
    lowest, above = min(known), min((each for each in known if each > border), default=border)
    some = {
        f"fine {above}-{max(known)}": _noise_at(generator, seeds, fine),
        f"coarse {lowest}-{border}": _noise_at(generator, seeds, coarse),
    }
    return {"all": images["all"], **some, "none": images["none"]}


def _noise_at(generator: OpenedGenerator, seeds: Sequence[int], modes: Mapping[int, NoiseMode]) -> PixelArray:
    network, sampling, device = generator.generator, generator.sampling, generator.device
    latents, labels = generator.latents(seeds), generator.labels(seeds)
    assert isinstance(network, NoiseResolutions), "asked before"

    def make(rows: Tensor) -> Tensor:
        # `use_noise_at` holds until `use_noise` is called: sampling calls it once, before all rows.
        network.use_noise_at(modes)
        return sampling.images(generator.generator, latents[rows].to(device), labels[rows].to(device))

    return generator.drawn(make, seeds)
