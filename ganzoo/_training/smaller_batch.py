"""Smaller batch: what to write into a recipe whose step needs too much memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ganzoo._recipe.compatibility import incompatibilities
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.schema import TrainingSettings
from ganzoo.contracts.phase import Phase


@dataclass(frozen=True)
class SmallerBatch:
    """A recipe of which a step needs less.

    Attributes:
        setting: What is to be written, as a phrase.
        recipe: The recipe with it.
        phase: The phase that was too large.
    """

    setting: str
    recipe: Recipe
    phase: Phase


def smaller_batches(recipe: Recipe, phase: Phase) -> Iterator[SmallerBatch]:
    """Yield recipes with half the images at once, a quarter, and so on, in this phase.

    Batches are split in micro-batches, which leaves the training as it is, where all parts allow that; else they are
    made smaller.
    """
    training, number = recipe.training, recipe.phases.index(phase)
    size = min(phase.batch_size, training.micro_batch or phase.batch_size)
    while size % 2 == 0:
        size //= 2
        split = _with(recipe, micro_batch=size)
        sizes = {each.batch_size for each in recipe.phases}
        if not any(each % size for each in sizes if each > size) and not incompatibilities(split):
            yield SmallerBatch(f"training.micro_batch = {size} fits", split, phase)
            continue
        key, lowered = _lowered(recipe, phase, size)
        setting = f"training.{key} = {size} fits, which is another training"
        yield SmallerBatch(setting, lowered, lowered.phases[number])


def _lowered(recipe: Recipe, phase: Phase, size: int) -> tuple[str, Recipe]:
    growth = recipe.training.growth
    if growth is None:
        return "batch_size", _with(recipe, batch_size=size)
    table = growth.batch_size | {phase.resolution: size}
    grown = growth.model_copy(update={"batch_size": table})
    return f"growth.batch_size.{phase.resolution}", _with(recipe, growth=grown)


def _with(recipe: Recipe, **changes: Any) -> Recipe:
    return recipe.model_copy(update={"training": recipe.training.model_copy(update=changes)})


def less_memory(training: TrainingSettings, phase: Phase) -> str:
    """Say what to change where a step of a phase needs too much."""
    batch = f"training.growth.batch_size for {phase.resolution}" if training.growth else "training.batch_size"
    return f"lower {batch}, or {'lower' if training.micro_batch else 'set'} training.micro_batch"
