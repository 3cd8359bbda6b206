"""Interpolation: from seed to seed, as a film of a path in z or w, or as a strip of it for print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from ganzoo import (
    FILMS,
    PICTURES,
    GanzooError,
    GeneratorFigure,
    PixelArray,
    Scale,
    Seeds,
    StyleBased,
)
from ganzoo.plotting import Panel, Sheet, visible

if TYPE_CHECKING:
    from torch import Tensor

    from ganzoo.figures import Animation, FigureResult, OpenedGenerator

_CHUNK = 64  # frames in memory at a time
_READABLE_SIDE = 256

Space = Literal["z", "w"]
Course = Literal["slerp", "lerp"]


@dataclass(frozen=True)
class Way:
    """A path that a film follows.

    Attributes:
        space: `w` (styles) or `z` (latents).
        course: `slerp` on the sphere (z only) or `lerp` straight.
        loop: End at the first seed again.
        steps: Frames from one seed to the next.
        random: Frames of a closed random walk in z instead, drawn from the first seed; 0: go through the seeds.
        smoothness: Deviation of its smoothing in frames.
    """

    space: Space
    course: Course
    loop: bool
    steps: int
    random: int
    smoothness: float


class Interpolate(GeneratorFigure):
    """Film an interpolation between seeds, or a random walk.

    As a picture (.png, .svg) it is a strip of frames.

    Without loop, the first and last frames are the first and last seed's images. Noise is the network's constant one
    unless another was chosen, so that the image does not flicker; random noise changes halfway between two seeds from
    the one's to the other's.
    """

    name = "interpolate"
    suffixes = (*FILMS, *PICTURES)

    seeds: Seeds = tuple(range(4))
    space: Space | None = Field(
        default=None, description="Space of the path: latents or styles. [default: w if there are styles]"
    )
    course: Course | None = Field(
        default=None, description="Spherical (z only) or linear interpolation. [default: slerp in z, lerp in w]"
    )
    loop: bool = Field(default=False, description="End at the first seed again.")
    walk: float | None = Field(
        default=None, ge=0.1, le=3600, description="Length of a closed random walk in z, in seconds, instead of seeds."
    )
    smoothness: float = Field(default=1.0, ge=0.01, description="Deviation of the walk's smoothing, in seconds.")
    seconds: float = Field(default=2.0, ge=0.01, le=600, description="Seconds from one seed to the next.")
    panels: int = Field(default=8, ge=2, le=100, description="Images per row of a strip.")
    fps: int = Field(default=25, ge=1, le=120, description="Frames per second.")
    scale: Scale = None
    still: bool = Field(default=False, description="Draw a strip, one row per pair of successive seeds.")

    @model_validator(mode="after")
    def _check(self) -> Interpolate:
        if self.still and self.walk is not None:
            raise ValueError("a strip goes through seeds; leave --walk out")
        if self.walk and self.space == "w":
            raise ValueError("a random walk is in z, whose distribution is known; leave the space out")
        if self.walk is None and len(self.seeds) < 2:
            raise ValueError(f"{len(self.seeds)} seed is no path; name two or more")
        return self

    def draw(self, generator: OpenedGenerator) -> FigureResult | Animation:
        """Draw the strip, or film the path.

        Raises:
            RefusedError: A path in w is asked of a generator that has no styles.
            GanzooError: A path on the sphere is asked in w.
        """
        way = self._way(generator)
        if generator.noise_mode is not None and generator.sampling.noise_mode is None:
            generator = generator.with_sampling(noise_mode="constant")
        facts = generator.facts(self.seeds, path=vars(way))
        return self._strip(generator, way, facts) if self.still else self._film(generator, way, facts)

    def _way(self, generator: OpenedGenerator) -> Way:
        """Return the path with its space and course chosen."""
        from ganzoo.figures import require

        styled = isinstance(generator.generator, StyleBased)
        space: Space = "z" if self.walk or not (styled or self.space) else self.space or "w"
        if space == "w":
            require(generator, "interpolate in w", StyleBased)
            if self.course == "slerp":
                raise GanzooError("styles are not on a sphere: choose lerp in w; slerp is for z")
        course: Course = self.course or ("slerp" if space == "z" else "lerp")
        random = _frames_in(self.walk, self.fps) if self.walk else 0
        steps = _frames_in(self.seconds, self.fps)
        return Way(space, course, self.loop, steps, random, self.smoothness * self.fps)

    def _film(self, generator: OpenedGenerator, way: Way, facts: dict[str, Any]) -> Animation:
        from ganzoo.figures import Animation

        points, labels, noises = _points(generator, self.seeds, way)
        scale = self.scale or max(1, _READABLE_SIDE // generator.resolution)

        def frames() -> Iterator[PixelArray]:
            for start in range(0, len(points), _CHUNK):
                part = slice(start, start + _CHUNK)
                within = generator.within(start, len(points))
                for image in _images(within, way, points[part], labels[part], noises[part]):
                    yield _frame(image, scale)

        return Animation(self.name, frames, len(points), self.fps, facts | {"scale": scale})

    def _strip(self, generator: OpenedGenerator, way: Way, facts: dict[str, Any]) -> FigureResult:
        from ganzoo.figures import FigureResult

        ends = [*self.seeds, self.seeds[0]] if way.loop else list(self.seeds)
        rows = []
        for start, end in pairwise(ends):
            pair = Way(way.space, way.course, False, self.panels - 1, 0, way.smoothness)
            points, labels, noises = _points(generator, [start, end], pair)
            rows.append([Panel(image) for image in _images(generator, pair, points, labels, noises)])
        sheet = Sheet(rows, left=[f"{a} to {b}" for a, b in pairwise(ends)], scale=self.scale)
        facts |= {"panels": self.panels, "scale": sheet.enlargement}
        return FigureResult(self.name, sheet.canvas(), facts)


def _points(generator: OpenedGenerator, seeds: Sequence[int], way: Way) -> tuple[Tensor, Tensor, list[int]]:
    """Return latents or styles of each frame, its labels, and the seed of its noise."""
    from ganzoo.figures import seed_for
    from ganzoo_figures.latent_paths import through, walk

    if way.random:
        draws = generator.latents([seed_for("walk", seeds[0], frame) for frame in range(way.random)])
        return walk(draws, way.smoothness), generator.labels([seeds[0]] * way.random), [seeds[0]] * way.random
    keys = generator.styles(seeds) if way.space == "w" else generator.latents(seeds)
    points, nearest = through(keys, way.steps, course=way.course, loop=way.loop)
    labels, _ = through(generator.labels(seeds), way.steps, course="lerp", loop=way.loop)
    return points, labels, [seeds[key] for key in nearest]


def _images(generator: OpenedGenerator, way: Way, points: Tensor, labels: Tensor, noises: Sequence[int]) -> PixelArray:
    if way.space == "w":
        return generator.images_of_styles(points, noises)
    return generator.images_of(points, labels, noises)


def _frame(image: PixelArray, scale: int) -> PixelArray:
    large = visible(image).repeat(scale, axis=1).repeat(scale, axis=2)
    return large[0] if len(large) == 1 else np.ascontiguousarray(large.transpose(1, 2, 0))


def _frames_in(seconds: float, fps: int) -> int:
    """Return how many frames fill a time, at least one."""
    return max(1, int(np.float32(seconds * fps).round()))
