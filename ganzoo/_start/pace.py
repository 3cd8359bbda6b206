"""Pace: what a training takes on this machine, from steps that are really taken.

Other programs are no part of it: steps are taken in rounds, in each of which every lazy penalty has its turns, the
round that was least disturbed counts, and what its main thread stood in line for a processor does not. Where others
hold steps up, one thread takes them: several wait for each other by spinning, which took ten times the processor time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch

from ganzoo._recipe.compatibility import all_regularizers
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.schema import IMAGES_PER_KIMG
from ganzoo._start.stopwatch import Stopwatch, Taken
from ganzoo._training.build import build_trainer
from ganzoo._training.preview_classes import preview_count
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.phase import Phase
from ganzoo.scoring.cost import estimate
from ganzoo.scoring.real_data import Inputs

_LEAST_STEPS = 16  # lazy penalties have their turn every 4th to 16th step
_LEAST_ROUNDS = 3  # one of which is hardly disturbed
_SECONDS = 3.0
_MOST_SECONDS = 20.0
_GRID_SECONDS = 0.5  # writing a grid or a checkpoint, beside the networks' own work
_WARM_UP = 2
_HELD_UP = 0.1  # of the first steps: a machine that others use


@dataclass(frozen=True)
class Pace:
    """What a training takes.

    Attributes:
        seconds: Of the whole training, with what is written on the way.
        scoring_seconds: Of the score at its end.
        processor_share: Processor seconds per second while it trains: how many cores are at work.
        images_per_second: Of the phase that takes longest.
        steps: How many steps were taken to know.
        waited: Share of the time in which those were taken that other programs held them up; not in what they took.
    """

    seconds: float
    scoring_seconds: float
    processor_share: float
    images_per_second: float
    steps: int
    waited: float

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
    taken: dict[tuple[int, int], _Measured] = {}
    with ExitStack() as closers:
        reals, fresh = inputs.stream("real", closers), inputs.stream("fresh", closers)
        trainer = build_trainer(recipe, inputs.pack.spec, inputs.device, reals, fresh)
        sharing, held_up = _threads(trainer, closers)
        for phase in recipe.phases:
            if (key := (phase.resolution, phase.batch_size)) not in taken:
                for player in trainer.players.values():
                    player.enter(phase)
                taken[key] = _per_image(trainer, phase, _round_of(recipe), sharing)
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
    stepping = sum(images * each.seconds for images, each in spans)
    worked = sum(images * each.processors for images, each in spans)
    slowest = max(spans, key=lambda span: span[0] * span[1].seconds)[1]
    share = worked / stepping
    count = preview_count(inputs.pack.spec, recipe.training.preview_images)
    seconds = stepping + _beside(recipe, count, slowest.seconds)
    scoring = cost.seconds / share if on_cpu else cost.seconds
    steps, waited = sum(each.steps for each in taken.values()), max(each.waited for each in taken.values())
    return Pace(seconds, scoring, share, 1 / slowest.seconds, steps, max(held_up, waited))


@dataclass(frozen=True)
class _Measured:
    """Seconds and processor seconds per image of a phase, in how many steps, and the share of them that was waited."""

    seconds: float
    processors: float
    steps: int
    waited: float


def _threads(trainer: Trainer, closers: ExitStack) -> tuple[int, float]:
    """Warm up, and leave steps to one thread while others hold them up.

    Returns:
        How many threads will share what is measured, and the share of the time that the first steps waited.
    """
    for player in trainer.players.values():
        player.enter(trainer.phase)
    taken, threads = _taken(trainer, trainer.phase, _WARM_UP), torch.get_num_threads()
    held_up = taken.waited / taken.clock
    if held_up < _HELD_UP or threads == 1 or trainer.game.device.type != "cpu":
        return 1, held_up
    torch.set_num_threads(1)
    closers.callback(torch.set_num_threads, threads)
    return threads, held_up


def _round_of(recipe: Recipe) -> int:
    """Return after how many steps both players and all penalties have had their turns as often as ever, 16 at most."""
    penalties = (each.options.every for each in all_regularizers(recipe))
    return min(_LEAST_STEPS, math.lcm(recipe.training.discriminator_steps, *penalties))


def _per_image(trainer: Trainer, phase: Phase, round_steps: int, sharing: int) -> _Measured:
    """Take steps in the middle of a phase, and return what they took in the round that was least disturbed.

    So many threads will share it: the clock is taken to go that much further.
    """
    first = _taken(trainer, phase, _WARM_UP).undisturbed / _WARM_UP
    count = max(1, min(round_steps, int(_MOST_SECONDS / first)))  # huge networks get no whole round
    rounds = list[Taken]()
    while not _are_enough(rounds, count):
        rounds.append(_taken(trainer, phase, count))
    best, images = min(rounds, key=lambda taken: taken.undisturbed), count * phase.batch_size
    waited = sum(taken.waited for taken in rounds) / sum(taken.clock for taken in rounds)
    return _Measured(best.undisturbed / sharing / images, best.processors / images, count * len(rounds), waited)


def _are_enough(rounds: Sequence[Taken], count: int) -> bool:
    took = sum(taken.undisturbed for taken in rounds)
    is_sampled = len(rounds) >= _LEAST_ROUNDS and len(rounds) * count >= _LEAST_STEPS
    return took > _MOST_SECONDS or (is_sampled and took > _SECONDS)


def _taken(trainer: Trainer, phase: Phase, count: int) -> Taken:
    """Take steps, and return what they took until a GPU too was done."""
    watch = Stopwatch()
    for _ in range(count):
        trainer.images_seen = (phase.start + phase.end) // 2
        trainer.step(phase)
    trainer.settle()
    return watch.read()


def _beside(recipe: Recipe, grid: int, per_image: float) -> float:
    """Return the seconds that grids, snapshots and checkpoints take; a generated image costs at most a trained one."""
    training, kimg = recipe.training, recipe.phases[-1].end / IMAGES_PER_KIMG
    grids = kimg / training.samples_kimg
    written = kimg / training.checkpoint_kimg + kimg / training.snapshot_kimg
    return grids * (grid * per_image / 3 + _GRID_SECONDS) + written * _GRID_SECONDS
