"""Walks along the principal directions of styles (GANSpace) or of the weights that see them (SeFa)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.capabilities import StyleAffines, StyleBased
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import GanzooError
from ganzoo.figures.animation import Film
from ganzoo.figures.figure import Figure
from ganzoo.figures.pca_directions import Directions, of_styles, of_weights
from ganzoo.figures.requirements import require
from ganzoo.figures.style_statistics import style_sample
from ganzoo.plotting.panel_grid import Panel, Sheet

Source = Literal["styles", "weights"]
SAMPLES = 10_000
FPS = 20


def directions(
    subject: OpenedGenerator,
    source: Source = "styles",
    *,
    count: int = 5,
    layers: Sequence[int] | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Directions:
    """Return the most important directions in w.

    Args:
        subject: The generator.
        source: `styles`: principal components of drawn styles; `weights`: of the weights by which layers see them.
        count: How many.
        layers: Style layers whose weights count; None: all. Of no meaning for `styles`.
        samples: Styles drawn.
        seed: Seed of their latents.

    Raises:
        RefusedError: The generator has no styles, or does not show its weights.
        GanzooError: There are not so many directions, or no such layer.
    """
    require(subject, "pca", StyleBased)
    if source == "weights":
        require(subject, "pca of weights", StyleAffines)
    styles = style_sample(subject, samples, seed)
    if not 0 < count <= styles.shape[1]:
        raise GanzooError(f"{count} directions are asked for; w has {styles.shape[1]} dimensions")
    if source == "styles":
        return of_styles(styles, count)
    assert isinstance(subject.generator, StyleAffines)
    chosen = _checked(layers, subject)
    weights = [weight for layer, weight in subject.generator.style_weights() if layer in chosen]
    return of_weights(weights, styles, count)


def pca(
    subject: OpenedGenerator,
    seed: int = 0,
    source: Source = "styles",
    *,
    count: int = 5,
    reach: float = 2.0,
    steps: int = 7,
    layers: Sequence[int] | None = None,
    samples: int = SAMPLES,
    scale: int | None = None,
) -> Figure:
    """Draw a row for each direction: one seed's image as its style walks along it, itself in the middle.

    Args:
        subject: The generator.
        seed: Whose style walks.
        source: See `directions`.
        count: Directions.
        reach: How far each walk goes to both sides, in deviations of styles along the direction.
        steps: Images of a walk; odd, so that the middle one is the seed's own.
        layers: Style layers that walk (and whose weights count); None: all.
        samples: Styles drawn to find the directions.
        scale: Side of each pixel in the figure; None: enough to see it.

    Raises:
        RefusedError: The generator lacks a capability.
        GanzooError: Directions, steps or layers are not possible.
    """
    if steps < 3 or steps % 2 == 0:
        raise GanzooError(f"a walk of {steps} images: it needs an odd number of them, 3 or more")
    found = directions(subject, source, count=count, layers=layers, samples=samples)
    places = torch.linspace(-reach, reach, steps)
    rows = [
        [Panel(image) for image in _walked(subject, seed, found, number, places, layers)] for number in range(count)
    ]
    left = [f"{number + 1}: {100 * share:.0f} %" for number, share in enumerate(found.shares.tolist())]
    sheet = Sheet(rows, top=[_sigmas(place) for place in places.tolist()], left=left, scale=scale)
    facts = _facts(subject, seed, source, found, reach, layers, samples)
    return Figure("pca", sheet.canvas(), {**facts, "steps": steps, "scale": sheet.enlargement})


def walk(
    subject: OpenedGenerator,
    seed: int = 0,
    source: Source = "styles",
    *,
    count: int = 5,
    reach: float = 2.0,
    frames: int = 60,
    layers: Sequence[int] | None = None,
    samples: int = SAMPLES,
    fps: int = FPS,
    scale: int | None = None,
) -> Film:
    """Return a closed film in which one seed's image swings along each direction, side by side; see `pca`."""
    found = directions(subject, source, count=count, layers=layers, samples=samples)
    places = torch.tensor([reach * math.sin(2 * math.pi * frame / frames) for frame in range(frames)])

    def drawn() -> Iterator[PixelArray]:
        walks = [_walked(subject, seed, found, number, places, layers) for number in range(count)]
        for frame in range(frames):
            yield Sheet([[Panel(images[frame]) for images in walks]], scale=scale).canvas().raster()

    return Film("pca", drawn, frames, fps, _facts(subject, seed, source, found, reach, layers, samples))


def _walked(
    subject: OpenedGenerator, seed: int, found: Directions, number: int, places: Tensor, layers: Sequence[int] | None
) -> PixelArray:
    """Return a seed's images, `[N, C, R, R]`, its style moved by so many deviations along a direction."""
    styles = subject.styles([seed]).repeat(len(places), 1, 1)
    step = found.vectors[number] * found.deviations[number]
    chosen = _checked(layers, subject)
    styles[:, chosen] += (places[:, None] * step)[:, None, :]
    return subject.images_of_styles(styles, [seed] * len(places))


def _checked(layers: Sequence[int] | None, subject: OpenedGenerator) -> list[int]:
    count = subject.styles([0]).shape[1]
    chosen = list(range(count)) if layers is None else list(layers)
    if not chosen or not all(0 <= layer < count for layer in chosen):
        raise GanzooError(f"layers {', '.join(map(str, chosen)) or 'none'}: this generator has 0 to {count - 1}")
    return chosen


def _sigmas(place: float) -> str:
    return "itself" if abs(place) < 1e-6 else f"{place:+.1f} sd"


def _facts(
    subject: OpenedGenerator,
    seed: int,
    source: Source,
    found: Directions,
    reach: float,
    layers: Sequence[int] | None,
    samples: int,
) -> dict[str, Any]:
    return subject.facts(
        [seed],
        source=source,
        shares=found.shares.tolist(),
        deviations=found.deviations.tolist(),
        reach=reach,
        layers=None if layers is None else list(layers),
        samples=samples,
    )
