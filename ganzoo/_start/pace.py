"""Pace: what a training takes on this machine, from steps that are really taken."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass

from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.schema import IMAGES_PER_KIMG
from ganzoo._training.build import build_trainer
from ganzoo._training.preview_classes import preview_count
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.phase import Phase
from ganzoo.scoring.cost import estimate
from ganzoo.scoring.real_data import Inputs

_LEAST_STEPS = 16  # lazy penalties have their turn every 4th to 16th step
_SECONDS = 3.0
_MOST_SECONDS = 20.0
_GRID_SECONDS = 0.5  # writing a grid or a checkpoint, beside the networks' own work
_WARM_UP = 2


@dataclass(frozen=True)
class Pace:
    """What a training takes.

    Attributes:
        seconds: Of the whole training, with what is written on the way.
        scoring_seconds: Of the score at its end.
        processor_share: Processor seconds per second while it trains: how many cores are at work.
        images_per_second: Of the phase that takes longest.
        steps: How many steps were taken to know.
    """

    seconds: float
    scoring_seconds: float
    processor_share: float
    images_per_second: float
    steps: int

    @property
    def hours(self) -> float:
        """Of the whole run, by the clock."""
        return (self.seconds + self.scoring_seconds) / 3600

    @property
    def processor_hours(self) -> float:
        """Of the whole run, summed over the cores."""
        return self.hours * self.processor_share


def measure(inputs: Inputs) -> Pace:
    """Take some steps of a training in each of its phases, on its own images, and throw them away.

    Raises:
        GanzooError: A network cannot be built or a step fails.
    """
    recipe = inputs.recipe
    taken: dict[tuple[int, int], tuple[float, float, int]] = {}
    with ExitStack() as closers:
        reals, fresh = inputs.stream("real", closers), inputs.stream("fresh", closers)
        trainer = build_trainer(recipe, inputs.pack.spec, inputs.device, reals, fresh)
        for phase in recipe.phases:
            if (key := (phase.resolution, phase.batch_size)) not in taken:
                for player in trainer.players.values():
                    player.enter(phase)
                taken[key] = _per_image(trainer, phase)
        on_cpu = inputs.device.type == "cpu"
        cost = estimate(
            trainer.ema.network,
            inputs.pack,
            inputs.protocol,
            inputs.extractor,
            device=inputs.device,
            clock=time.process_time if on_cpu else time.perf_counter,
        )
    spans = [(phase.end - phase.start, taken[phase.resolution, phase.batch_size]) for phase in recipe.phases]
    stepping = sum(images * each[0] for images, each in spans)
    worked = sum(images * each[1] for images, each in spans)
    slowest = max(spans, key=lambda span: span[0] * span[1][0])[1]
    share = worked / stepping
    seconds = stepping + _beside(recipe, preview_count(inputs.pack.spec, recipe.training.preview_images), slowest[0])
    scoring = cost.seconds / share if on_cpu else cost.seconds
    return Pace(seconds, scoring, share, 1 / slowest[0], sum(steps for _, _, steps in taken.values()))


def _per_image(trainer: Trainer, phase: Phase) -> tuple[float, float, int]:
    """Return seconds by the clock, seconds of processors, and steps taken, the first two per image of a phase."""
    trainer.images_seen = (phase.start + phase.end) // 2
    for _ in range(_WARM_UP):
        trainer.step(phase)
    trainer.settle()
    steps, began, worked = 0, time.perf_counter(), time.process_time()
    while True:
        trainer.images_seen = (phase.start + phase.end) // 2
        trainer.step(phase)
        steps += 1
        took = time.perf_counter() - began
        if took > _MOST_SECONDS or (steps >= _LEAST_STEPS and took > _SECONDS):
            break
    trainer.settle()  # what a GPU still had to do
    took = time.perf_counter() - began
    images = steps * phase.batch_size
    return took / images, (time.process_time() - worked) / images, steps


def _beside(recipe: Recipe, grid: int, per_image: float) -> float:
    """Return the seconds that grids, snapshots and checkpoints take; a generated image costs at most a trained one."""
    training, kimg = recipe.training, recipe.phases[-1].end / IMAGES_PER_KIMG
    grids = kimg / training.samples_kimg
    written = kimg / training.checkpoint_kimg + kimg / training.snapshot_kimg
    return grids * (grid * per_image / 3 + _GRID_SECONDS) + written * _GRID_SECONDS
