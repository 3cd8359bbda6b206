"""Scoring and sampling a run that was trained before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from ganzoo.contracts import PixelArray
from ganzoo.errors import RefusedError, RunError
from ganzoo.pictures import write_grid, write_picture
from ganzoo.runs.checkpoint import newest_good
from ganzoo.runs.directory import RunDirectory
from ganzoo.runs.record import Score, read_record, write_record
from ganzoo.sampling import generate, to_uint8
from ganzoo.training.build import choose_device
from ganzoo.training.experiment import check_same_data, recipe_of, score_snapshot, with_scores
from ganzoo.training.inputs import Observer, find_inputs
from ganzoo.training.networks import load_generator, networks_of


def score_run(
    path: Path,
    device: str,
    observer: Observer,
    *,
    overrides: Sequence[str] = (),
    at: int | None = None,
    snapshots: bool = False,
    skip_bad: bool = False,
) -> list[Score]:
    """Score a run's newest generator, the one of an age, or every snapshot; the scores are kept in its record.

    Raises:
        RunError: The run has no such generator.
        RefusedError: Another process holds the run, or the data have changed.
    """
    directory = RunDirectory.open(path)
    with directory.lock():
        recipe = recipe_of(directory, overrides)
        if overrides and recipe.training_hash != recipe_of(directory).training_hash:
            raise RefusedError(
                f"--set {' '.join(overrides)} would change what {path} was trained with; a score may only change "
                f"[scoring], such as --set scoring.generated=5000"
            )
        record = read_record(directory.record)
        inputs = find_inputs(recipe, device, observer, skip_bad=skip_bad)
        check_same_data(directory, record, inputs)
        found: list[Score] = []
        for images_seen in _ages(directory, at, snapshots):
            scores = score_snapshot(directory, images_seen, inputs, inputs.protocol, observer)
            record = with_scores(record, scores)
            write_record(directory.record, record)
            found += scores
    return found


def sample_run(
    path: Path,
    out: Path | None,
    *,
    count: int,
    seed: int,
    at: int | None,
    folder: Path | None,
    truncation: float,
    device_name: str,
) -> Path:
    """Write a grid of a run's averaged generator, and each image alone if `folder` is given; returns the grid."""
    directory = RunDirectory.open(path)
    networks, device = networks_of(directory), choose_device(device_name)
    generator = load_generator(directory, _ages(directory, at, False)[0], networks, "ema").to(device)
    spec = networks.spec
    labels = _cycled(count, spec.label_dim)
    batches = generate(
        generator,
        count,
        seed=seed,
        batch_size=min(count, 64),
        device=device,
        labels=labels,
        truncation=truncation,
        resolution=networks.resolution,
    )
    images: PixelArray = torch.cat([to_uint8(batch).cpu() for batch in batches]).numpy()
    grid_path = out or directory.samples / "grid.png"
    write_grid(grid_path, images)
    for index, image in enumerate(images if folder else []):
        write_picture(Path(str(folder)) / f"{index:05d}.png", image)
    return grid_path


def _ages(directory: RunDirectory, at: int | None, snapshots: bool) -> list[int]:
    if at is not None:
        return [at]
    kept = sorted(int(path.name) for path in directory.snapshots.glob("[0-9]*"))
    if snapshots:
        if not kept:
            raise RunError(f"{directory.path} kept no snapshots; training.snapshot_kimg says how often it does")
        return kept
    checkpoint, _ = newest_good(directory.checkpoints)
    if checkpoint is None and kept:
        return kept[-1:]
    if checkpoint is None:
        raise RunError(f"{directory.path} has no intact checkpoint; is its training still before the first one?")
    return [checkpoint.images_seen]


def _cycled(count: int, classes: int) -> torch.Tensor:
    labels = torch.zeros(count, classes)
    if classes:
        labels[torch.arange(count), torch.arange(count) % classes] = 1.0
    return labels
