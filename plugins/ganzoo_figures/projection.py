"""Projection: what was found for given images, and how it is shown and written."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganzoo import NoiseMaps, PixelArray
from ganzoo.figures import (
    Animation,
    FigureResult,
    OpenedGenerator,
    Targets,
    descending,
    seed_for,
    shared_rows,
    to_uint8,
    write_floats,
    write_image,
    write_json,
)
from ganzoo.plotting import Panel, Sheet
from ganzoo_figures.perceptual_distance import AUTO, Distance, perceptual_distance
from ganzoo_figures.projector import Found, Start, Synthesis, joined, search
from ganzoo_figures.schedule import Schedule
from ganzoo_figures.style_sample import style_sample

_FRAMES = 61
_FPS = 20
_SHOWN = 16
_LARGEST_PSNR = 100.0  # of two equal images, whose PSNR is infinite


@dataclass(frozen=True)
class Projection:
    """What was found for N images.

    Attributes:
        targets: The images, and what each is called.
        images: The generator's, uint8 `[N, C, R, R]`.
        styles: `[N, S, W]`; `OpenedGenerator.images_of_styles` makes images of them.
        noise: Fitted noise maps `[N, 1, r, r]` by the name of the buffer.
        distances: As the search measured them, `[N]`.
        psnr: Of pixels, in dB, `[N]`, at most 100.
        frames: Images on the way, uint8 `[N, F, C, R, R]`.
        course: Distances on the way, `[N, F]`.
        facts: What was done, as plain data.
        scale: Side of each pixel in pictures; None: enough to see it.
        film_suffix: How the film of the search ends.
        coverage: The measure of coverage, as plain data; nothing where it was not asked for.
    """

    targets: Targets
    images: PixelArray
    styles: Tensor
    noise: Mapping[str, Tensor]
    distances: list[float]
    psnr: list[float]
    frames: PixelArray
    course: Tensor
    facts: dict[str, Any]
    scale: int | None = None
    film_suffix: str = ".gif"
    coverage: Mapping[str, Any] = field(default_factory=dict)

    name = "projection"

    @property
    def summary(self) -> str:
        """The measure of coverage, if it was asked for."""
        return f"coverage: {dict(self.coverage)}" if self.coverage else ""

    def figure(self) -> FigureResult:
        """Draw each image above what was found for it; the first 16."""
        captions = [f"{value:.1f} dB" for value in self.psnr[:_SHOWN]]
        rows = [
            [Panel(image) for image in self.targets.images[:_SHOWN]],
            [Panel(image, caption) for image, caption in zip(self.images[:_SHOWN], captions, strict=True)],
        ]
        sheet = Sheet(rows, left=["image", "projection"], scale=self.scale)
        return FigureResult(
            "project", sheet.canvas(), {**self.facts, "shown": len(captions), "scale": sheet.enlargement}
        )

    def film(self) -> Animation:
        """Show the search of the first 16, the images above."""

        def frames() -> Iterator[PixelArray]:
            for number in range(self.frames.shape[1]):
                below = self.frames[:_SHOWN, number]
                rows = [[Panel(image) for image in images] for images in (self.targets.images[:_SHOWN], below)]
                yield Sheet(rows, scale=self.scale).canvas().raster()

        return Animation("projection", frames, self.frames.shape[1], _FPS, self.facts)

    def write(self, path: str | Path) -> list[Path]:
        """Write a folder: `styles.npy`, noise maps, reconstructions, `distances.json`, the figure and the film."""
        folder = Path(path)
        written = [write_floats(folder / "styles.npy", self.styles)]
        written += [write_floats(folder / "noise" / f"{name}.npy", maps) for name, maps in self.noise.items()]
        for number, image in enumerate(self.images):
            written.append(write_image(folder / "reconstructions" / f"{number:05d}.png", image))
        written.append(folder / "distances.json")
        coverage = {"coverage": dict(self.coverage)} if self.coverage else {}
        write_json(written[-1], {**self.facts, **coverage, "images": self.table()})
        return [
            *written,
            *self.figure().write(folder / "projection.png"),
            *self.film().write(folder / f"search{self.film_suffix}"),
        ]

    def _repr_png_(self) -> bytes:
        return self.figure()._repr_png_()

    def table(self) -> list[dict[str, Any]]:
        """Return each image's name, distance and PSNR."""
        rows = zip(self.targets.names, self.distances, self.psnr, strict=True)
        return [{"name": name, "distance": distance, "psnr_db": psnr} for name, distance, psnr in rows]


def project(
    generator: OpenedGenerator, targets: Targets, schedule: Schedule, *, distance: str = AUTO, seed: int = 0
) -> Projection:
    """Find the styles of images.

    Noise maps are fitted if the generator has some and no noise mode was chosen; else that mode is used, or its
    constant noise.

    Args:
        generator: The generator.
        targets: The images.
        schedule: How the search goes.
        distance: `auto`, `pixels`, or an extractor's name; see `perceptual_distance`.
        seed: Seed of all random numbers of the search.

    Raises:
        RefusedError: An extractor was named that has no perceptual distance.
    """
    measure = perceptual_distance(generator, distance)
    schedule = _with_whiteness(schedule, measure)
    fit_noise = generator.sampling.noise_mode is None and isinstance(generator.generator, NoiseMaps)
    start = _start(generator, schedule, seed, fit_noise)
    found = _found(generator, targets, measure, start, schedule, seed)
    images: PixelArray = to_uint8(found.images).numpy()
    facts = {
        "projection": schedule.model_dump(),
        "distance": measure.name,
        "distance_identity": measure.identity,
        "fitted_noise": sorted(start.maps),
        "seed": seed,
        "frames": _FRAMES,
    }
    return Projection(
        targets,
        images,
        found.styles,
        found.noise,
        found.distances.tolist(),
        psnr(targets.images, images),
        to_uint8(found.film.flatten(0, 1)).view(found.film.shape).numpy(),
        found.course,
        generator.facts() | {"noise_mode": "fitted" if start.maps else _noise_mode(generator)} | facts,
    )


def psnr(one: PixelArray, other: PixelArray) -> list[float]:
    """Return the peak signal-to-noise ratio in dB of pairs of images `[N, C, R, R]`, at most 100."""
    errors = np.square(one.astype(np.float64) - other.astype(np.float64)).mean(axis=(1, 2, 3))
    return [
        min(_LARGEST_PSNR, 10 * math.log10(255**2 / error)) if error else _LARGEST_PSNR for error in errors.tolist()
    ]


def _with_whiteness(options: Schedule, measure: Distance) -> Schedule:
    """Return the schedule alone of what may be a figure's options, its whiteness that of the distance unless given."""
    given = {name: getattr(options, name) for name in Schedule.model_fields}
    return Schedule(**given | ({"whiteness": measure.whiteness} if options.whiteness is None else {}))


def _noise_mode(generator: OpenedGenerator) -> Any:
    """Return the noise mode of a search: random noise would shake every step."""
    return (generator.sampling.noise_mode or "constant") if generator.noise_mode else None


def _start(generator: OpenedGenerator, schedule: Schedule, seed: int, fit_noise: bool) -> Start:
    styles = style_sample(generator, schedule.samples, seed)
    mean = styles.mean(dim=0)
    deviation = float((styles - mean).square().sum(dim=1).mean().sqrt())
    maps = {}
    if fit_noise:
        network = generator.generator
        assert isinstance(network, NoiseMaps), "asked before"
        known = {name: network.get_buffer(name).shape[-1] for name in network.noise_maps()}
        maps = {name: resolution for name, resolution in known.items() if resolution <= generator.resolution}
    return Start(mean.to(generator.device), deviation, generator.styles([0]).shape[1], maps)


def _found(
    generator: OpenedGenerator, targets: Targets, measure: Distance, start: Start, schedule: Schedule, seed: int
) -> Found:
    """Search in batches, with the generator's noise and stage as they are to be; all results on the CPU."""
    synthesis, total = Synthesis(generator.generator), len(targets.images)

    def find(rows: range) -> Found:
        batch = torch.from_numpy(targets.images[rows.start : rows.stop]).to(generator.device).float() / 127.5 - 1.0
        return search(
            synthesis,
            measure.to(batch),
            start,
            schedule,
            [seed_for(seed, rows.start + number) for number in range(len(batch))],
            frames=_FRAMES,
            # Progress is in images' worth of steps.
            progress=lambda step: generator.progress(rows.start + len(batch) * step // schedule.steps, total),
        ).cpu()

    def share(own: range) -> Mapping[str, Tensor]:
        mode = _noise_mode(generator)
        groups = descending(generator, len(own), lambda rows: find(_within(rows, own)), noise_mode=mode, seed=seed)
        return joined(list(groups)).by_name()

    return Found.of(shared_rows(total, share))


def _within(rows: range, own: range) -> range:
    return range(own.start + rows.start, min(own.start + rows.stop, own.stop))
