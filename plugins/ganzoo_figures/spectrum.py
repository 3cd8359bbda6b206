"""Spectrum: the mean power of real and generated images over spatial frequency; it shows upsampling artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganzoo import GeneratorFigure, PixelArray
from ganzoo.plotting import Chart, Curve, page

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult, OpenedGenerator

_CHUNK = 64


class Spectrum(GeneratorFigure):
    """Draw the power spectra of real and generated images."""

    name = "spectrum"
    needs_dataset = True

    count: int = Field(default=256, ge=1, le=1_000_000, description="Number of real images, and of generated ones.")
    first_seed: int = Field(default=0, ge=0, description="Seed of the first generated image.")

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        """Draw the power of both, and their ratio.

        Raises:
            GanzooError: The run's images cannot be had: an imported run names none.
        """
        from ganzoo.figures import FigureResult, real_images

        reals = real_images(generator, self.count)
        seeds = range(self.first_seed, self.first_seed + self.count)
        real, made = radial_spectrum(reals.pixels), radial_spectrum(generator.images(seeds))
        frequency = np.arange(len(real)) / generator.resolution
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where((real > 0) & (made > 0), 10 * np.log10(made / real), np.nan)
        power = [Curve("real", frequency, real, 6), Curve("generated", frequency, made, 1)]
        label = "cycles per pixel"
        charts = [
            Chart("mean power", power, label, log=True),
            Chart("generated over real, decibel", [Curve("generated", frequency, ratio, 1)], label),
        ]
        facts = generator.facts(first_seed=self.first_seed, count=self.count, reals=reals.facts, window="Hann")
        values = {"real": real.tolist(), "generated": made.tolist(), "cycles_per_image": list(range(len(real)))}
        return FigureResult(self.name, page(charts), facts | values)


def radial_spectrum(images: PixelArray | NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the mean power of images `[N, C, R, R]` at 0, 1, ..., R / 2 cycles per image, `[R / 2 + 1]`.

    Each image's channels are averaged, its mean is taken away, and a Hann window keeps its borders from counting as
    edges. Power is normalized so that white noise of variance v has v at every frequency but the lowest, from which
    the mean is missing. uint8 counts as [-1, 1].
    """
    side = images.shape[-1]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(side) + 0.5) / side)
    window = np.outer(hann, hann)
    window /= np.sqrt(np.square(window).sum())
    total = np.zeros((side, side))
    for start in range(0, len(images), _CHUNK):
        part = images[start : start + _CHUNK].astype(np.float64)
        gray = (part / 127.5 - 1.0 if images.dtype == np.uint8 else part).mean(axis=1)
        gray -= gray.mean(axis=(1, 2), keepdims=True)
        total += np.square(np.abs(np.fft.fft2(gray * window))).sum(axis=0)
    rings = _rings(side)
    sums = np.bincount(rings.ravel(), total.ravel())[: side // 2 + 1]
    counts = np.bincount(rings.ravel())[: side // 2 + 1]
    mean: NDArray[np.float64] = sums / counts / len(images)
    return mean


def _rings(side: int) -> NDArray[np.int64]:
    """Return for each frequency of a transform its distance from zero, rounded: `[side, side]`."""
    cycles = np.fft.fftfreq(side, 1 / side)
    distance: NDArray[np.int64] = np.floor(np.hypot(cycles[:, None], cycles[None]) + 0.5).astype(np.int64)
    return distance
