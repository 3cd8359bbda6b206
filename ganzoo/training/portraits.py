"""What `ganzoo sample` does: images of a run's generator, and logits of its discriminator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from ganzoo.arrays import read_floats, read_labels, writing_floats
from ganzoo.contracts import Growable, PixelArray
from ganzoo.errors import GanzooError
from ganzoo.gallery import judge, latents_of, portray
from ganzoo.manner import Manner, Stage
from ganzoo.networks import Networks
from ganzoo.pictures import write_grid, write_picture
from ganzoo.runs.directory import RunDirectory
from ganzoo.sampling import to_uint8
from ganzoo.training.build import choose_device
from ganzoo.training.evaluation import ages_of
from ganzoo.training.experiment import recipe_of
from ganzoo.training.networks import load_discriminator, load_generator, networks_of

_SMALLEST_SIDE = 4
_MOST_IN_A_GRID = 10_000


@dataclass(frozen=True)
class Subjects:
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
class Place:
    """Which network of a run is used, where it stands, and on what it is computed.

    Attributes:
        at: Age in images seen; None: the newest.
        resolution: Stage of a growing network; None: where its training stood at that age.
        alpha: Weight of the newest block; None: fully in where a resolution is asked for, else as in training.
        device: Name of the device.
    """

    at: int | None = None
    resolution: int | None = None
    alpha: float | None = None
    device: str = "auto"


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
    subjects: Subjects,
    outputs: Outputs,
    *,
    manner: Manner | None = None,
    place: Place | None = None,
    weights: Literal["ema", "raw"] = "ema",
) -> list[Path]:
    """Write images of a run's generator and return what was written.

    Raises:
        GanzooError: The generator cannot do what is asked, a file does not fit it, or there is no such age.
    """
    place, manner = place or Place(), manner or Manner()
    directory, device = RunDirectory.open(path), choose_device(place.device)
    networks = networks_of(directory)
    age = ages_of(directory, place.at)[0]
    generator = load_generator(directory, age, networks, weights).to(device)
    manner = replace(manner, stage=_stage(generator, directory, age, networks, place))
    manner.check(generator)
    if subjects.latents is not None:
        latents = read_floats(subjects.latents, (None, generator.latent_dim), "latents of this generator")
        subjects = replace(subjects, seeds=range(len(latents)))
    else:
        latents = latents_of(generator, subjects.seeds)
    labels = _labels(subjects, networks.images.label_dim)
    _check_grid(outputs, len(latents))
    side = manner.stage.resolution if manner.stage else networks.images.resolution
    images = portray(generator, latents, labels, subjects.seeds, manner, resolution=side, device=device)
    return _write(images, subjects.seeds, (networks.images.channels, side, side), outputs)


def judge_run(path: Path, images: Path, out: Path, *, subjects: Subjects, place: Place | None = None) -> None:
    """Write the logits `[N]` that a run's discriminator gives to the float images `[N, C, R, R]` of a file.

    Raises:
        GanzooError: The discriminator cannot work at that resolution, a file does not fit it, or there is no such age.
    """
    place = place or Place()
    directory, device = RunDirectory.open(path), choose_device(place.device)
    networks = networks_of(directory)
    age = ages_of(directory, place.at)[0]
    discriminator = load_discriminator(directory, age, networks).to(device)
    stage = _stage(discriminator, directory, age, networks, place)
    side = stage.resolution if stage else networks.images.resolution
    pictures = read_floats(images, (None, networks.images.channels, side, side), "images for this discriminator")
    subjects = replace(subjects, seeds=range(len(pictures)))
    if networks.images.label_dim and subjects.labels is None and subjects.label is None:
        raise GanzooError("the discriminator is conditional: say the images' classes by --labels FILE or --class K")
    chosen = networks.discriminator
    together = chosen is not None and chosen.cls.couples_batch(chosen.options)
    labels = _labels(subjects, networks.images.label_dim)
    logits = judge(discriminator, pictures, labels, together=together, stage=stage, device=device)
    with writing_floats(out, logits.shape) as write:
        write(logits)


def _stage(network: nn.Module, directory: RunDirectory, age: int, networks: Networks, place: Place) -> Stage | None:
    if not isinstance(network, Growable):
        for option, value in (("--resolution", place.resolution), ("--alpha", place.alpha)):
            if value is not None:
                raise GanzooError(
                    f"{option} needs a growing network, which '{getattr(network, 'name', '')}' is not (it lacks the "
                    f"capability Growable); leave it out"
                )
        return None
    stood = _stage_in_training(directory, age, networks)
    if place.resolution is None:
        return replace(stood, alpha=stood.alpha if place.alpha is None else place.alpha)
    final = networks.images.resolution
    sides = [final >> halvings for halvings in range(final.bit_length()) if final >> halvings >= _SMALLEST_SIDE]
    if place.resolution not in sides:
        known = ", ".join(str(side) for side in reversed(sides))
        raise GanzooError(f"--resolution {place.resolution}: this network grows through {known}; choose one of them")
    return Stage(place.resolution, 1.0 if place.alpha is None else place.alpha)


def _stage_in_training(directory: RunDirectory, age: int, networks: Networks) -> Stage:
    """Return where a network stood at an age: after the last step of a phase, still in it."""
    if directory.networks.exists():
        return Stage(networks.resolution, networks.alpha)
    phases = recipe_of(directory).phases
    phase = next((phase for phase in phases if age <= phase.end), phases[-1])
    return Stage(phase.resolution, phase.alpha(age))


def _labels(subjects: Subjects, classes: int) -> Tensor:
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
