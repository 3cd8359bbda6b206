"""What `ganzoo sample` does: images of a run's generator, and logits of its discriminator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ganzoo._inference.build import choose_device
from ganzoo._inference.generate import to_uint8
from ganzoo._inference.growth_stage import CheckpointRequest, stage_of
from ganzoo._inference.load import ages_of, load_discriminator, load_generator, networks_of
from ganzoo._inference.per_seed import judge, latents_of, portray
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo._io.image_grid import write_grid, write_picture
from ganzoo._io.npy import read_floats, read_labels, writing_floats
from ganzoo._runs.directory import RunDirectory
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import GanzooError

_MOST_IN_A_GRID = 10_000


@dataclass(frozen=True)
class SampleRequest:
    """Of what images are made.

    Attributes:
        seeds: Seeds of latents, labels and noise, one per image.
        latents: A file of latents `[N, Z]` instead.
        labels: A file of labels `[N, L]` or class numbers `[N]`; None: each seed's own class.
        label: One class for all.
    """

    seeds: Sequence[int] = ()
    latents: Path | None = None
    labels: Path | None = None
    label: int | None = None


@dataclass(frozen=True)
class Outputs:
    """What is written, each where it is asked for.

    Attributes:
        grid: One PNG of all images.
        columns: Images in a row of it; None: about as many as rows.
        cells: How many images the grid may hold; None: any number.
        folder: Folder for a PNG of each image.
        raw: `.npy` file of the images as float32 `[N, C, R, R]` before any rounding.
    """

    grid: Path | None = None
    columns: int | None = None
    cells: int | None = None
    folder: Path | None = None
    raw: Path | None = None


def sample_run(
    path: Path,
    subjects: SampleRequest,
    outputs: Outputs,
    *,
    sampling: SamplingOptions | None = None,
    place: CheckpointRequest | None = None,
    weights: Literal["ema", "raw"] = "ema",
) -> list[Path]:
    """Write images of a run's generator and return what was written.

    Raises:
        GanzooError: The generator cannot do what is asked, a file does not fit it, or there is no such age.
    """
    place, sampling = place or CheckpointRequest(), sampling or SamplingOptions()
    directory, device = RunDirectory.open(path), choose_device(place.device)
    networks = networks_of(directory)
    age = ages_of(directory, place.at)[0]
    generator = load_generator(directory, age, networks, weights).to(device)
    sampling = replace(sampling, stage=stage_of(generator, directory, age, networks, place))
    sampling.check(generator)
    if subjects.latents is not None:
        latents = read_floats(subjects.latents, (None, generator.latent_dim), "latents of this generator")
        subjects = replace(subjects, seeds=range(len(latents)))
    else:
        latents = latents_of(generator, subjects.seeds)
    labels = _labels(subjects, networks.images.label_dim)
    _check_grid(outputs, len(latents))
    side = sampling.stage.resolution if sampling.stage else networks.images.resolution
    images = portray(generator, latents, labels, subjects.seeds, sampling, resolution=side, device=device)
    return _write(images, subjects.seeds, (networks.images.channels, side, side), outputs)


def judge_run(
    path: Path, images: Path, out: Path, *, subjects: SampleRequest, place: CheckpointRequest | None = None
) -> None:
    """Write the logits `[N]` that a run's discriminator gives to the float images `[N, C, R, R]` of a file.

    Raises:
        GanzooError: The discriminator cannot work at that resolution, a file does not fit it, or there is no such age.
    """
    place = place or CheckpointRequest()
    directory, device = RunDirectory.open(path), choose_device(place.device)
    networks = networks_of(directory)
    age = ages_of(directory, place.at)[0]
    discriminator = load_discriminator(directory, age, networks).to(device)
    stage = stage_of(discriminator, directory, age, networks, place)
    side = stage.resolution if stage else networks.images.resolution
    pictures = read_floats(images, (None, networks.images.channels, side, side), "images for this discriminator")
    subjects = replace(subjects, seeds=range(len(pictures)))
    if networks.images.label_dim and subjects.labels is None and subjects.label is None:
        raise GanzooError("the discriminator is conditional: say the images' classes by --labels FILE or --class K")
    chosen = networks.discriminator
    together = chosen is not None and chosen.cls.depends_on_batch(chosen.options)
    labels = _labels(subjects, networks.images.label_dim)
    logits = judge(discriminator, pictures, labels, together=together, stage=stage, device=device)
    with writing_floats(out, logits.shape) as write:
        write(logits)


def _labels(subjects: SampleRequest, classes: int) -> Tensor:
    count = len(subjects.seeds)
    if not classes:
        if subjects.labels is not None or subjects.label is not None:
            raise GanzooError("the network knows no classes, so there is nothing to choose; leave labels and class out")
        return torch.zeros(count, 0)
    if subjects.labels is not None:
        return read_labels(subjects.labels, count, classes)
    if subjects.label is None:
        if subjects.latents is not None:
            raise GanzooError("the generator is conditional: say the latents' classes by --labels FILE or --class K")
        return torch.eye(classes)[[seed % classes for seed in subjects.seeds]]
    if not 0 <= subjects.label < classes:
        raise GanzooError(f"--class {subjects.label}: the network knows classes 0 to {classes - 1}")
    return torch.eye(classes)[[subjects.label] * count]


def _check_grid(outputs: Outputs, count: int) -> None:
    if outputs.grid is None:
        return
    cells = _MOST_IN_A_GRID if outputs.cells is None else outputs.cells
    if count > cells:
        raise GanzooError(
            f"{count:,} images are too many for a grid of {cells:,}; ask for a larger --grid, or write them one by one "
            f"with --folder"
        )


def _write(
    batches: Iterable[Tensor], seeds: Sequence[int], shape: tuple[int, int, int], outputs: Outputs
) -> list[Path]:
    """Write images as they come; only those of a grid are kept in memory."""
    kept: list[PixelArray] = []
    names: Iterator[int] = iter(seeds)
    with ExitStack() as stack:
        append = stack.enter_context(writing_floats(outputs.raw, (len(seeds), *shape))) if outputs.raw else None
        for batch in batches:
            if append:
                append(batch)
            pixels: PixelArray = to_uint8(batch).numpy()
            if outputs.grid:
                kept.append(pixels)
            for image in pixels if outputs.folder else ():
                write_picture(Path(str(outputs.folder)) / f"{next(names):05d}.png", image)
        if outputs.grid:
            write_grid(outputs.grid, np.concatenate(kept), outputs.columns)
    return [path for path in (outputs.grid, outputs.folder, outputs.raw) if path]
