"""Projection: which styles a generator needs to make given images, and how close it comes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganzoo._inference.generate import repeatable, seeded_noise, to_uint8
from ganzoo._inference.oom_batching import in_groups
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.per_seed import group_size
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo._io.atomic import write_json
from ganzoo._io.image_grid import write_picture
from ganzoo._io.npy import writing_floats
from ganzoo._random.seeds import seed_for
from ganzoo.contracts.capabilities import NoiseInputs, NoiseMaps, StyleBased
from ganzoo.contracts.component import PixelArray
from ganzoo.figures.animation import Film
from ganzoo.figures.distance import AUTO, Likeness, likeness
from ganzoo.figures.figure import Figure
from ganzoo.figures.projector import Found, Schedule, Start, Synthesis, joined, search
from ganzoo.figures.requirements import require
from ganzoo.figures.style_statistics import style_sample
from ganzoo.plotting.panel_grid import Panel, Sheet

FRAMES = 61
FPS = 20
_SHOWN = 16
_LARGEST_PSNR = 100.0  # of two equal images, whose PSNR is infinite


@dataclass(frozen=True)
class Projection:
    """What was found for N images.

    Attributes:
        names: What each image is called.
        targets: The images, uint8 `[N, C, R, R]`.
        images: The generator's, uint8 `[N, C, R, R]`.
        styles: `[N, S, W]`; `OpenedGenerator.images_of_styles` makes images of them.
        noise: Fitted noise maps `[N, 1, r, r]` by the name of the buffer.
        distances: As the search measured them, `[N]`.
        psnr: Of pixels, in dB, `[N]`, at most 100.
        frames: Images on the way, uint8 `[N, F, C, R, R]`.
        course: Distances on the way, `[N, F]`.
        facts: What was done, as plain data.
    """

    names: Sequence[str]
    targets: PixelArray
    images: PixelArray
    styles: Tensor
    noise: dict[str, Tensor]
    distances: list[float]
    psnr: list[float]
    frames: PixelArray
    course: Tensor
    facts: dict[str, Any]

    def figure(self, scale: int | None = None) -> Figure:
        """Draw each image above what was found for it; the first 16."""
        captions = [f"{value:.1f} dB" for value in self.psnr[:_SHOWN]]
        rows = [
            [Panel(image) for image in self.targets[:_SHOWN]],
            [Panel(image, caption) for image, caption in zip(self.images[:_SHOWN], captions, strict=True)],
        ]
        sheet = Sheet(rows, left=["image", "projection"], scale=scale)
        return Figure("project", sheet.canvas(), {**self.facts, "shown": len(captions), "scale": sheet.enlargement})

    def film(self, scale: int | None = None, fps: int = FPS) -> Film:
        """Show the search of the first 16, the images above."""

        def frames() -> Iterator[PixelArray]:
            for number in range(self.frames.shape[1]):
                below = self.frames[:_SHOWN, number]
                rows = [[Panel(image) for image in images] for images in (self.targets[:_SHOWN], below)]
                yield Sheet(rows, scale=scale).canvas().raster()

        return Film("projection", frames, self.frames.shape[1], fps, self.facts)

    def write(
        self, folder: Path, film: str = ".gif", scale: int | None = None, more: Mapping[str, Any] | None = None
    ) -> list[Path]:
        """Write `styles.npy`, noise maps, reconstructions, `distances.json` (with `more`), the figure and the film."""
        written = [folder / "styles.npy"]
        with writing_floats(written[0], self.styles.shape) as write:
            write(self.styles)
        for name, maps in self.noise.items():
            written.append(folder / "noise" / f"{name}.npy")
            with writing_floats(written[-1], maps.shape) as write:
                write(maps)
        for number, image in enumerate(self.images):
            written.append(folder / "reconstructions" / f"{number:05d}.png")
            write_picture(written[-1], image)
        written.append(folder / "distances.json")
        write_json(written[-1], {**self.facts, **(more or {}), "images": self.table()})
        return [
            *written,
            *self.figure(scale).write(folder / "projection.png"),
            *self.film(scale).write(folder / f"search{film}"),
        ]

    def _repr_png_(self) -> bytes:
        return self.figure()._repr_png_()

    def table(self) -> list[dict[str, Any]]:
        """Return each image's name, distance and PSNR."""
        rows = zip(self.names, self.distances, self.psnr, strict=True)
        return [{"name": name, "distance": distance, "psnr_db": psnr} for name, distance, psnr in rows]


def project(
    subject: OpenedGenerator,
    targets: PixelArray,
    names: Sequence[str] = (),
    *,
    schedule: Schedule | None = None,
    distance: str = AUTO,
    fit_noise: bool | None = None,
    seed: int = 0,
    frames: int = FRAMES,
) -> Projection:
    """Find the styles of images, as many at once as the device bears: fewer once its memory runs out.

    Args:
        subject: The generator; without fitted noise its noise mode is used, `constant` unless it says otherwise.
        targets: Images, uint8 `[N, C, R, R]`.
        names: What they are called; their numbers unless given.
        schedule: How the search goes.
        distance: `auto`, `pixels`, or an extractor's name; see `likeness`.
        fit_noise: Whether noise maps are fitted too; None: if the generator has some and no noise mode was chosen.
        seed: Seed of all random numbers of the search.
        frames: Images of the film, 2 or more.

    Raises:
        RefusedError: The generator has no styles, or no noise maps although they are to be fitted.
    """
    require(subject, "project", StyleBased)
    if fit_noise:
        require(subject, "projection with fitted noise", NoiseMaps)
    measure = likeness(subject, distance)
    schedule = schedule or Schedule()
    if schedule.whiteness is None:
        schedule = schedule.model_copy(update={"whiteness": measure.whiteness})
    if fit_noise is None:
        fit_noise = subject.sampling.noise_mode is None and isinstance(subject.generator, NoiseMaps)
    start = _start(subject, schedule, seed, fit_noise)
    found = _found(subject, targets, measure, start, schedule, seed, frames)
    images = to_uint8(found.images).numpy()
    facts = {
        "projection": schedule.model_dump(),
        "distance": measure.name,
        "distance_identity": measure.identity,
        "fitted_noise": sorted(start.maps),
        "seed": seed,
        "frames": frames,
    }
    return Projection(
        names or [str(number) for number in range(len(targets))],
        targets,
        images,
        found.styles,
        dict(found.noise),
        found.distances.tolist(),
        psnr(targets, images),
        to_uint8(found.film.flatten(0, 1)).view(found.film.shape).numpy(),
        found.course,
        subject.facts() | {"noise_mode": "fitted" if start.maps else _mode(subject)} | facts,
    )


def psnr(one: PixelArray, other: PixelArray) -> list[float]:
    """Return the peak signal-to-noise ratio in dB of pairs of images `[N, C, R, R]`, at most 100."""
    errors = np.square(one.astype(np.float64) - other.astype(np.float64)).mean(axis=(1, 2, 3))
    return [
        min(_LARGEST_PSNR, 10 * math.log10(255**2 / error)) if error else _LARGEST_PSNR for error in errors.tolist()
    ]


def _mode(subject: OpenedGenerator) -> Any:
    """Return the noise mode of a search: random noise would shake every step."""
    return (subject.sampling.noise_mode or "constant") if isinstance(subject.generator, NoiseInputs) else None


def _start(subject: OpenedGenerator, schedule: Schedule, seed: int, fit_noise: bool) -> Start:
    styles = style_sample(subject, schedule.samples, seed)
    mean = styles.mean(dim=0)
    deviation = float((styles - mean).square().sum(dim=1).mean().sqrt())
    maps = {}
    if fit_noise:
        assert isinstance(subject.generator, NoiseMaps)
        sides = {name: subject.generator.get_buffer(name).shape[-1] for name in subject.generator.noise_maps()}
        maps = {name: side for name, side in sides.items() if side <= subject.resolution}
    return Start(mean.to(subject.device), deviation, subject.styles([0]).shape[1], maps)


def _found(
    subject: OpenedGenerator,
    targets: PixelArray,
    measure: Likeness,
    start: Start,
    schedule: Schedule,
    seed: int,
    frames: int,
) -> Found:
    """Search in batches, with the generator's noise and stage as they are to be; all results on the CPU."""
    synthesis = Synthesis(subject.generator)
    sampling = SamplingOptions(noise_mode=_mode(subject), stage=subject.sampling.stage)

    def find(rows: range) -> Found:
        batch = torch.from_numpy(targets[rows.start : rows.stop]).to(subject.device).float() / 127.5 - 1.0
        return search(
            synthesis,
            measure.to(batch),
            start,
            schedule,
            [seed_for(seed, rows.start + number) for number in range(len(batch))],
            frames=frames,
            progress=_told(subject, rows.start, len(batch), len(targets), schedule.steps),
        ).cpu()

    with sampling.applied(subject.generator), repeatable(subject.device), seeded_noise(seed, subject.device):
        if sampling.stage is not None:
            sampling.stage.set(subject.generator)
        return joined(list(in_groups(len(targets), group_size(subject.resolution, subject.device), find)))


def _told(subject: OpenedGenerator, first: int, count: int, total: int, steps: int) -> Callable[[int], None]:
    """Return progress in images' worth of steps."""
    return lambda step: subject.progress(first + count * step // steps, total)
