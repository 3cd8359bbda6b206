"""Sticking: whether texture moves with what is shown or stays at its pixels, as a column of them over a film.

Paper: StyleGAN3, arXiv:2106.12423, figure 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganzoo import FILMS, PICTURES, GanzooError, GeneratorFigure, PixelArray, Scale, Seeds, StyleBased
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from torch import Tensor

    from ganzoo.figures import Animation, FigureResult, OpenedGenerator

_CHUNK = 64  # images in memory at a time
_READABLE_SIDE = 96
_READING = "texture that sticks to its pixels draws level lines over time, and stays sharp in the mean"


class Sticking(GeneratorFigure):
    """Show whether texture sticks to pixels while the image moves.

    For each seed: its image, the mean of images near it, and one column of pixels over an interpolation to the next
    seed, a frame to the right of the other. Where texture sticks, the column draws level lines, and the mean stays
    sharp; where it moves with what it belongs to, lines bend, and the mean blurs. As a film (.mp4, .webp, .gif) the
    interpolation plays beside its column.
    """

    name = "sticking"
    suffixes = (*PICTURES, *FILMS)

    seeds: Seeds = tuple(range(3))
    frames: int = Field(default=96, ge=2, le=2000, description="Frames from one seed to the next.")
    column: int | None = Field(
        default=None, ge=0, description="Which column of pixels is followed, from the left. [default: the middle]"
    )
    near: int = Field(default=32, ge=2, le=10_000, description="Images in a mean.")
    spread: float = Field(default=0.1, gt=0, le=1, description="How far they are on their way to seeds of their own.")
    fps: int = Field(default=25, ge=1, le=120, description="Frames per second of a film.")
    scale: Scale = None
    still: bool = Field(default=True, description="Draw a picture, not a film.")

    def draw(self, generator: OpenedGenerator) -> FigureResult | Animation:
        """Draw the picture, or film the interpolations beside their columns.

        Raises:
            GanzooError: The column is not in the image.
        """
        column = generator.resolution // 2 if self.column is None else self.column
        if column >= generator.resolution:
            raise GanzooError(f"there is no column {column}: they are 0 to {generator.resolution - 1}")
        if generator.noise_mode is not None and generator.sampling.noise_mode is None:
            # Noise that changed with each frame would hide what stays in place.
            generator = generator.with_sampling(noise_mode="constant")
        space = "w" if isinstance(generator.generator, StyleBased) else "z"
        facts = generator.facts(self.seeds, column=column, frames=self.frames, space=space)
        if not self.still:
            return self._film(generator, column, facts)
        return self._picture(generator, column, facts | {"near": self.near, "spread": self.spread})

    def _picture(self, generator: OpenedGenerator, column: int, facts: dict[str, Any]) -> FigureResult:
        from ganzoo.figures import FigureResult

        rows, total = [], len(self.seeds) * (self.near + self.frames)
        for row, seed in enumerate(self.seeds):
            images = self._way(generator, row)
            within = generator.within(row * (self.near + self.frames), total)
            mean = self._mean(within, seed)
            within = generator.within(row * (self.near + self.frames) + self.near, total)
            parts = list(self._images(within, *images))
            over_time = np.concatenate([part[..., column] for part in parts]).transpose(1, 2, 0)
            rows.append([Panel(parts[0][0]), Panel(mean), Panel(np.ascontiguousarray(over_time))])
        top = ["image", f"mean of {self.near}", f"column {column} over {self.frames} frames"]
        left = [f"{seed}" for seed in self.seeds]
        sheet = Sheet(rows, top=top, left=left, title=_READING, scale=self._enlargement(generator))
        return FigureResult(self.name, sheet.canvas(), facts | {"scale": sheet.enlargement})

    def _film(self, generator: OpenedGenerator, column: int, facts: dict[str, Any]) -> Animation:
        from ganzoo.figures import Animation

        def frames() -> Iterator[PixelArray]:
            total = len(self.seeds) * self.frames
            for row in range(len(self.seeds)):
                within, at = generator.within(row * self.frames, total), 0
                over_time: PixelArray | None = None
                for part in self._images(within, *self._way(generator, row)):
                    for image in part:
                        if over_time is None:
                            over_time = np.full((*image.shape[:2], self.frames), 128, np.uint8)
                        over_time[..., at] = image[..., column]
                        at += 1
                        panels = [Panel(image), Panel(over_time)]
                        yield Sheet([panels], scale=self._enlargement(generator)).canvas().raster()

        return Animation(self.name, frames, len(self.seeds) * self.frames, self.fps, facts)

    def _way(self, generator: OpenedGenerator, row: int) -> tuple[Tensor, Tensor, int]:
        """Return points from a seed to the next one (from the last to the first), labels, and the noise's seed."""
        seed, after = self.seeds[row], self.seeds[(row + 1) % len(self.seeds)]
        # A seed alone has a way to the one after it in number.
        after = seed + 1 if after == seed else after
        return self._between(generator, seed, [after] * self.frames, np.linspace(0, 1, self.frames))

    def _enlargement(self, generator: OpenedGenerator) -> int:
        return self.scale or max(1, _READABLE_SIDE // generator.resolution)

    def _mean(self, generator: OpenedGenerator, seed: int) -> PixelArray:
        from ganzoo.figures import seed_for

        others = [seed_for("near", seed, number) for number in range(self.near)]
        points, labels, noise = self._between(generator, seed, others, np.full(self.near, self.spread))
        total = sum(part.sum(axis=0, dtype=np.float64) for part in self._images(generator, points, labels, noise))
        return np.asarray(total / self.near + 0.5).astype(np.uint8)

    def _between(
        self, generator: OpenedGenerator, seed: int, others: list[int], shares: NDArray[np.float64]
    ) -> tuple[Tensor, Tensor, int]:
        """Return points on the way from a seed to others, `shares` of it: straight in w, on the sphere in z.

        Labels are the first seed's: what turned into another class could not be expected to keep its texture.
        """
        import torch

        from ganzoo_figures.latent_paths import lerp, slerp

        styled, labels = isinstance(generator.generator, StyleBased), generator.labels([seed] * len(others))
        keys = generator.latents([seed, *others])
        if styled:
            keys = generator.styles_of(keys, labels[:1].expand(len(keys), -1))
        times, way = torch.from_numpy(shares).float(), lerp if styled else slerp
        points = [way(keys[0], end, time[None])[0] for end, time in zip(keys[1:], times, strict=True)]
        return torch.stack(points), labels, seed

    def _images(self, generator: OpenedGenerator, points: Tensor, labels: Tensor, noise: int) -> Iterator[PixelArray]:
        import torch

        styled, done = isinstance(generator.generator, StyleBased), 0
        for part, kind in zip(torch.split(points, _CHUNK), torch.split(labels, _CHUNK), strict=True):
            within, noises = generator.within(done, len(points)), [noise] * len(part)
            yield within.images_of_styles(part, noises) if styled else within.images_of(part, kind, noises)
            done += len(part)
