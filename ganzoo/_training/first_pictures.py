"""First pictures: what a run shows before its first step, real images and those of the untrained generator."""

from __future__ import annotations

from ganzoo._io.image_grid import write_grid
from ganzoo._runs.directory import RunDirectory
from ganzoo._training.callbacks import SamplesCallback
from ganzoo._training.growth import grow
from ganzoo._training.preview_classes import preview_count
from ganzoo._training.trainer import Trainer
from ganzoo.scoring.real_data import Inputs


def write_first_pictures(trainer: Trainer, inputs: Inputs, directory: RunDirectory, samples: SamplesCallback) -> None:
    """Write the grid of reals, and that of image 0 at the resolution of the first step."""
    count = preview_count(inputs.pack.spec, inputs.recipe.training.preview_images)
    split = inputs.pack.split(inputs.recipe.training.split)
    reals = split.images(inputs.batches("real").indices(0, min(count, len(split))))
    write_grid(directory.samples / "reals.png", reals)
    grow([trainer.ema.network], trainer.phase.resolution, trainer.phase.alpha(0))
    samples.write(trainer)
