"""Samples: images of a run's generator, and logits of its discriminator, as files."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from typing_extensions import Unpack

from ganzoo._inference.class_labels import class_names, class_number
from ganzoo._inference.generate import to_uint8
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.per_seed import group_size
from ganzoo._inference.run import Run, View, Weights
from ganzoo._inference.sharing import collected, share_of
from ganzoo._io.image_grid import write_grid, write_picture
from ganzoo._io.npy import read_floats, read_labels, writing_floats
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import GanzooError, RefusedError
from ganzoo.layers.ranks import Ranks

_MOST_IN_A_GRID = 10_000
_GROUPS_AT_ONCE = 4


@dataclass(frozen=True)
class SampleRequest:
    """What images are made of.

    Attributes:
        seeds: Seeds of latents, labels and noise, one per image.
        latents: A file of latents `[N, Z]` instead.
        labels: A file of labels `[N, L]` or class numbers `[N]`; None: each seed's own class.
    """

    seeds: Sequence[int] = ()
    latents: Path | None = None
    labels: Path | None = None


@dataclass(frozen=True)
class Outputs:
    """What is written, each where it is asked for.

    Attributes:
        grid: One PNG of all images.
        columns: Images in a row of it; None: about as many as rows.
        by_class: Lays images `[N, C, R, R]` of these classes out in one, or gives None where a plain grid shows more.
        cells: How many images the grid may hold; None: any number.
        folder: Folder for a PNG of each image.
        raw: `.npy` file of the images as float32 `[N, C, R, R]` before any rounding.
    """

    grid: Path | None = None
    columns: int | None = None
    by_class: Callable[[PixelArray, Sequence[int]], PixelArray | None] | None = None
    cells: int | None = None
    folder: Path | None = None
    raw: Path | None = None


def write_samples(
    run: Run,
    request: SampleRequest,
    outputs: Outputs,
    *,
    at: int | None = None,
    weights: Weights = "ema",
    ranks: Ranks | None = None,
    **view: Unpack[View],
) -> list[Path]:
    """Write images of a run's generator and return what was written: in the first of processes that share the images.

    Raises:
        GanzooError: The generator cannot do what is asked, a file does not fit it, or there is no such checkpoint.
    """
    opened = run.generator(at, weights, **view)
    if request.latents is not None:
        latents = read_floats(request.latents, (None, opened.generator.latent_dim), "latents of this generator")
        request = replace(request, seeds=range(len(latents)))
    else:
        latents = opened.latents(request.seeds)
    labels = _labels(request, opened.spec.label_dim, opened.label)
    _check_grid(outputs, len(latents))
    images = _shared(opened, latents, labels, request.seeds, ranks or Ranks())
    if ranks and ranks.rank:
        deque(images, maxlen=0)
        return []
    shape = (opened.spec.channels, opened.resolution, opened.resolution)
    classes = labels.argmax(1).tolist() if opened.spec.label_dim and outputs.columns is None else []
    return _write(images, request.seeds, shape, outputs, classes)


def _shared(
    opened: OpenedGenerator, latents: Tensor, labels: Tensor, seeds: Sequence[int], ranks: Ranks
) -> Iterator[Tensor]:
    """Yield images `[n, C, R, R]` in the first process; a few groups of each process at a time are in memory."""
    if ranks.size == 1:
        yield from opened.batches(latents, labels, seeds)
        return
    group = group_size(opened.resolution, opened.device)
    at_once = _GROUPS_AT_ONCE * group * ranks.size
    for start in range(0, len(seeds), at_once):
        share = share_of(min(at_once, len(seeds) - start), group, ranks)
        rows = slice(start + share.start, start + share.stop)

        def work(rows: slice = rows) -> dict[str, Tensor]:
            own = seeds[rows]
            return {"images": torch.cat(list(opened.batches(latents[rows], labels[rows], own)))} if len(own) else {}

        for part in collected(ranks, work):
            yield from part.values()


def write_logits(
    run: Run,
    images: Path,
    out: Path,
    *,
    labels: Path | None = None,
    label: int | str | None = None,
    at: int | None = None,
    device: str = "auto",
    resolution: int | None = None,
    alpha: float | None = None,
) -> None:
    """Write the logits `[N]` that a run's discriminator gives to the float images `[N, C, R, R]` of a file.

    Raises:
        GanzooError: The discriminator cannot work at that resolution, a file does not fit it, or there is no such
            checkpoint.
    """
    opened = run.discriminator(at, device=device, resolution=resolution, alpha=alpha)
    shape = (None, opened.spec.channels, opened.resolution, opened.resolution)
    pictures = read_floats(images, shape, "images for this discriminator")
    if opened.spec.label_dim and labels is None and label is None:
        raise GanzooError(
            "the discriminator is conditional: give the classes of the images by --labels FILE or --class K"
        )
    request = SampleRequest(range(len(pictures)), labels=labels)
    number = class_number(label, opened.spec.label_dim, class_names(run))
    logits = opened.logits(pictures, _labels(request, opened.spec.label_dim, number))
    with writing_floats(out, logits.shape) as write:
        write(logits)


def _labels(request: SampleRequest, classes: int, label: int | None) -> Tensor:
    count = len(request.seeds)
    if not classes:
        if request.labels is not None or label is not None:
            raise RefusedError("the network has no classes; leave labels and class out")
        return torch.zeros(count, 0)
    if request.labels is not None:
        return read_labels(request.labels, count, classes)
    if label is None:
        if request.latents is not None:
            raise GanzooError(
                "the generator is conditional: give the classes of the latents by --labels FILE or --class K"
            )
        return torch.eye(classes)[[seed % classes for seed in request.seeds]]
    return torch.eye(classes)[[label] * count]


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
    batches: Iterable[Tensor],
    seeds: Sequence[int],
    shape: tuple[int, int, int],
    outputs: Outputs,
    classes: Sequence[int],
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
            _write_grid(outputs.grid, np.concatenate(kept), outputs, classes)
    return [path for path in (outputs.grid, outputs.folder, outputs.raw) if path]


def _write_grid(path: Path, pixels: PixelArray, outputs: Outputs, classes: Sequence[int]) -> None:
    picture = outputs.by_class(pixels, classes) if outputs.by_class and classes else None
    if picture is None:
        write_grid(path, pixels, outputs.columns)
    else:
        write_picture(path, picture)
