"""The average radial power spectrum of real against generated images: upsampling artefacts in plain sight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.component import PixelArray
from ganzoo.figures.figure import Figure
from ganzoo.figures.real_images import real_images
from ganzoo.plotting.chart import Chart, Curve, page

_CHUNK = 64


def spectrum(subject: OpenedGenerator, *, count: int = 256, first_seed: int = 0) -> Figure:
    """Draw the mean power of so many real and generated images over spatial frequency, and their ratio.

    Raises:
        GanzooError: The run's images cannot be had: an imported run names none.
    """
    reals = real_images(subject, count)
    seeds = range(first_seed, first_seed + count)
    real, made = radial_spectrum(reals.pixels), radial_spectrum(subject.images(seeds))
    frequency = np.arange(len(real)) / subject.resolution
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((real > 0) & (made > 0), 10 * np.log10(made / real), np.nan)
    power = [Curve("real", frequency, real, 6), Curve("generated", frequency, made, 1)]
    label = "cycles per pixel"
    charts = [
        Chart("mean power", power, label, log=True),
        Chart("generated over real, decibel", [Curve("generated", frequency, ratio, 1)], label),
    ]
    facts = subject.facts(first_seed=first_seed, count=count, reals=reals.facts, window="Hann")
    values = {"real": real.tolist(), "generated": made.tolist(), "cycles_per_image": list(range(len(real)))}
    return Figure("spectrum", page(charts), facts | values)


def radial_spectrum(images: PixelArray | NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the mean power of images `[N, C, R, R]` at 0, 1, ..., R / 2 cycles per image, `[R / 2 + 1]`.

    Each image's channels are averaged, its mean is taken away, and a Hann window keeps its borders from counting as
    edges. Power is normalised so that white noise of variance v has v at every frequency but the lowest, from which
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
