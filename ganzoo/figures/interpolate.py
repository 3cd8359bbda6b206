"""From seed to seed: films of paths in z and w, and strips of them for print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._random.seeds import seed_for
from ganzoo.contracts.capabilities import NoiseInputs, StyleBased
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import GanzooError
from ganzoo.figures.animation import Film
from ganzoo.figures.figure import Figure
from ganzoo.figures.latent_paths import Course, Space, through, walk
from ganzoo.figures.requirements import require
from ganzoo.plotting.panel_grid import Panel, Sheet

FPS = 25
_CHUNK = 64  # frames in memory at a time
_READABLE_SIDE = 256


@dataclass(frozen=True)
class Way:
    """A path that a film follows.

    Attributes:
        space: `w` (styles) or `z` (latents); None: `w` if the generator has styles.
        course: `slerp` on the sphere (z only) or `lerp` straight; None: `slerp` in z, `lerp` in w.
        loop: Go back to the first seed.
        steps: Frames from one seed to the next.
        random: Frames of a closed random walk in z instead, drawn from the first seed; 0: go through the seeds.
        smoothness: Deviation of its smoothing in frames.
    """

    space: Space | None = None
    course: Course | None = None
    loop: bool = False
    steps: int = 50
    random: int = 0
    smoothness: float = 25.0


def interpolation(
    subject: OpenedGenerator,
    seeds: Sequence[int] = range(4),
    way: Way | None = None,
    *,
    fps: int = FPS,
    scale: int | None = None,
) -> Film:
    """Return a film along a path; without loop, its first and last frames are the first and last seed's images.

    Noise is the network's constant one unless the subject says otherwise, so that the image does not flicker; random
    noise changes halfway between two seeds from the one's to the other's.

    Args:
        subject: The generator.
        seeds: The keys, at least two; of a random walk, the seed.
        way: The path.
        fps: Frames per second.
        scale: Side of each pixel in the film; None: enough to see it.

    Raises:
        RefusedError: A path in w is asked of a generator that has no styles.
        GanzooError: There are too few seeds.
    """
    subject, way, facts = _prepared(subject, seeds, way or Way())
    points, labels, noises = _points(subject, seeds, way)
    scale = scale or max(1, _READABLE_SIDE // subject.resolution)

    def frames() -> Iterator[PixelArray]:
        for start in range(0, len(points), _CHUNK):
            part = slice(start, start + _CHUNK)
            told = subject.within(start, len(points))
            for image in _images(told, way, points[part], labels[part], noises[part]):
                yield _frame(image, scale)

    return Film("interpolate", frames, len(points), fps, facts | {"scale": scale})


def strip(
    subject: OpenedGenerator,
    seeds: Sequence[int] = range(2),
    way: Way | None = None,
    *,
    panels: int = 8,
    scale: int | None = None,
) -> Figure:
    """Draw a row for each pair of neighbouring seeds: `panels` images on the way, both ends included.

    Raises:
        RefusedError: A path in w is asked of a generator that has no styles.
        GanzooError: There are fewer than two seeds or panels.
    """
    if panels < 2:
        raise GanzooError(f"a strip of {panels} images shows no way; take 2 or more")
    subject, way, facts = _prepared(subject, seeds, way or Way())
    ends = [*seeds, seeds[0]] if way.loop else list(seeds)
    rows = []
    for start, end in pairwise(ends):
        pair = Way(way.space, way.course, steps=panels - 1)
        points, labels, noises = _points(subject, [start, end], pair)
        rows.append([Panel(image) for image in _images(subject, pair, points, labels, noises)])
    sheet = Sheet(rows, left=[f"{a} to {b}" for a, b in pairwise(ends)], scale=scale)
    return Figure("interpolate", sheet.canvas(), facts | {"panels": panels, "scale": sheet.enlargement})


def _prepared(subject: OpenedGenerator, seeds: Sequence[int], way: Way) -> tuple[OpenedGenerator, Way, dict[str, Any]]:
    """Return the subject with its noise chosen, the way with its space and course chosen, and what they are."""
    if way.random and way.space == "w":
        raise GanzooError("a random walk is in z, where it is known how latents are spread; leave the space out")
    if not way.random and len(seeds) < 2:
        raise GanzooError(f"{len(seeds)} seed is no way; name two or more")
    styled = isinstance(subject.generator, StyleBased)
    space: Space = "z" if way.random or not (styled or way.space) else way.space or "w"
    if space == "w":
        require(subject, "interpolate in w", StyleBased)
        if way.course == "slerp":
            raise GanzooError("styles lie on no sphere: in w the path is straight (lerp), slerp is for z")
    course: Course = way.course or ("slerp" if space == "z" else "lerp")
    if isinstance(subject.generator, NoiseInputs) and subject.sampling.noise_mode is None:
        subject = subject.with_sampling(noise_mode="constant")
    chosen = Way(space, course, way.loop, way.steps, way.random, way.smoothness)
    return subject, chosen, subject.facts(seeds, path=vars(chosen) | {"smoothness": chosen.smoothness})


def _points(subject: OpenedGenerator, seeds: Sequence[int], way: Way) -> tuple[Tensor, Tensor, list[int]]:
    """Return latents or styles of each frame, its labels, and the seed of its noise."""
    if way.random:
        draws = subject.latents([seed_for("walk", seeds[0], frame) for frame in range(way.random)])
        return walk(draws, way.smoothness), subject.labels([seeds[0]] * way.random), [seeds[0]] * way.random
    keys = subject.styles(seeds) if way.space == "w" else subject.latents(seeds)
    points, nearest = through(keys, way.steps, course=way.course or "lerp", loop=way.loop)
    labels, _ = through(subject.labels(seeds), way.steps, course="lerp", loop=way.loop)
    return points, labels, [seeds[key] for key in nearest]


def _images(subject: OpenedGenerator, way: Way, points: Tensor, labels: Tensor, noises: Sequence[int]) -> PixelArray:
    if way.space == "w":
        return subject.images_of_styles(points, noises)
    return subject.images_of(points, labels, noises)


def _frame(image: PixelArray, scale: int) -> PixelArray:
    large = image.repeat(scale, axis=1).repeat(scale, axis=2)
    return large[0] if len(large) < 3 else np.ascontiguousarray(large[:3].transpose(1, 2, 0))


def steps_for(seconds: float, fps: int) -> int:
    """Return how many frames fill a time, at least one."""
    return max(1, int(torch.tensor(seconds * fps).round()))
