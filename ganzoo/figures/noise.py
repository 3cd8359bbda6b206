"""What the noise inputs change: the same style with several noises, how much that moves, and noise in some layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.capabilities import NoiseInputs, NoiseMode, NoiseResolutions
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import GanzooError
from ganzoo.figures.figure import Figure
from ganzoo.figures.requirements import require
from ganzoo.plotting.panel_grid import Panel, Sheet

_SHOWN = 3
_COARSE_TO = 32  # arXiv:1812.04948, figure 5: fine is 64 and above; here the upper half where there is less


def noise(
    subject: OpenedGenerator, seeds: Sequence[int] = range(3), *, realizations: int = 32, scale: int | None = None
) -> Figure:
    """Draw a row for each seed: three noises, their standard deviation, and noise in all, fine, coarse, no layers.

    Where the generator cannot choose noise by side, the row ends with all and none. The deviation is multiplied by a
    power of two that all rows share and the figure states.

    Paper: StyleGAN, arXiv:1812.04948, figures 4 and 5.

    Args:
        subject: The generator; its own noise mode is left aside.
        seeds: One row each.
        realizations: Noises that the deviation is taken over, at least 2.
        scale: Side of each pixel in the figure; None: enough to see it.

    Raises:
        RefusedError: The generator has no noise inputs.
    """
    require(subject, "noise")
    if realizations < 2:
        raise GanzooError(f"a standard deviation over {realizations} noises says nothing; take 2 or more")
    drawn = [
        _with_noises(subject.within(number * realizations, len(seeds) * realizations), seed, realizations)
        for number, seed in enumerate(seeds)
    ]
    deviations = [images.astype(np.float64).mean(axis=1).std(axis=0)[None] for images in drawn]
    gain = _gain(max(float(each.max()) for each in deviations))
    some = _layered(subject, seeds)
    rows = [
        [
            *(Panel(image) for image in images[:_SHOWN]),
            Panel(np.floor(gain * deviation + 0.5).clip(0, 255).astype(np.uint8)),
            *(Panel(each[row]) for each in some.values()),
        ]
        for row, (images, deviation) in enumerate(zip(drawn, deviations, strict=True))
    ]
    shown = min(_SHOWN, realizations)
    sheet = Sheet(
        rows,
        top=[*(f"noise {number}" for number in range(shown)), f"deviation x{gain}", *some],
        left=[f"seed {seed}" for seed in seeds],
        scale=scale,
        break_after=(shown - 1, shown),
    )
    facts: dict[str, Any] = {"realizations": realizations, "deviation_gain": gain, "noise": list(some)}
    facts |= {"largest_deviation": max(float(each.max()) for each in deviations)}
    return Figure("noise", sheet.canvas(), subject.facts(seeds, scale=sheet.enlargement) | facts)


def _with_noises(subject: OpenedGenerator, seed: int, count: int) -> PixelArray:
    """Return the image of one seed under noises 0, 1, ...: `[count, C, R, R]`."""
    latent, label = subject.latents([seed]), subject.labels([seed])
    subject = subject.with_sampling(noise_mode="random")
    return subject.images_of(latent.expand(count, -1), label.expand(count, -1), range(count))


def _gain(largest: float) -> int:
    """Return the largest power of two that brings no deviation above 255."""
    gain = 1
    while gain < 64 and largest * gain * 2 <= 255:
        gain *= 2
    return gain


def _layered(subject: OpenedGenerator, seeds: Sequence[int]) -> dict[str, PixelArray]:
    """Return the images of seeds with noise in some layers, by what is said of them."""
    everywhere = {"all": "random", "none": "none"}
    images = {name: subject.with_sampling(noise_mode=mode).images(seeds) for name, mode in everywhere.items()}
    if not isinstance(subject.generator, NoiseResolutions):
        return images
    sides = [side for side in subject.generator.noise_resolutions() if side <= subject.resolution]
    border = _COARSE_TO if max(sides) > _COARSE_TO else sides[(len(sides) - 1) // 2]
    coarse: dict[int, NoiseMode] = {side: "random" if side <= border else "none" for side in sides}
    fine: dict[int, NoiseMode] = {side: "none" if side <= border else "random" for side in sides}
    lowest, above = min(sides), min((side for side in sides if side > border), default=border)
    some = {
        f"fine {above}-{max(sides)}": _noise_at(subject, seeds, fine),
        f"coarse {lowest}-{border}": _noise_at(subject, seeds, coarse),
    }
    return {"all": images["all"], **some, "none": images["none"]}


def _noise_at(subject: OpenedGenerator, seeds: Sequence[int], modes: Mapping[int, NoiseMode]) -> PixelArray:
    generator, sampling, device = subject.generator, subject.sampling, subject.device
    latents, labels = subject.latents(seeds), subject.labels(seeds)
    assert isinstance(generator, NoiseResolutions)
    assert isinstance(generator, NoiseInputs)

    def make(rows: Tensor) -> Tensor:
        generator.use_noise_at(modes)
        return sampling.images(generator, latents[rows].to(device), labels[rows].to(device))

    return subject.drawn(make, seeds)
