"""Schedules of a recipe: which of its numbers change while it trains, and whether anything follows them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ganzoo._recipe.selection import Selection
from ganzoo.contracts.schedules import Schedule

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe


def schedules(recipe: Recipe) -> Iterator[tuple[str, Schedule]]:
    """Yield the TOML path and the schedule of each number that changes while the recipe trains."""
    for path, options in _followed(recipe):
        yield from _within(path, options)


def schedule_errors(recipe: Recipe) -> Iterator[str]:
    """Yield a sentence for each schedule that could never be followed, with its TOML path and a remedy."""
    fixed: list[tuple[str, Any]] = [
        ("dataset", recipe.dataset.options),
        ("generator", recipe.generator.options),
        ("discriminator", recipe.discriminator.options),
        ("scoring.extractor", recipe.scoring.extractor.options),
        *((f"scoring.metrics.{i}", chosen.options) for i, chosen in enumerate(recipe.scoring.metrics)),
    ]
    for path, options in fixed:
        for key, _ in _within(path, options):
            yield f"{key}: a schedule changes while training, and this is fixed before it begins; give one number"
    followed = dict(_followed(recipe))
    for path, options in (*fixed, *followed.items()):
        for key in _chosen_within(path, options, followed):
            yield f"{key}: no schedule is followed in a part that another part chooses; give one number"
    growth = recipe.training.growth
    by_resolution = growth is not None and growth.learning_rate
    for key, _ in schedules(recipe):
        if by_resolution and key.endswith("_optimizer.learning_rate"):
            yield (
                f"{key}: training.growth.learning_rate gives learning rates by resolution, which a schedule of images "
                f"cannot follow as well; remove one of the two"
            )


def _followed(recipe: Recipe) -> Iterator[tuple[str, BaseModel]]:
    """Yield what is asked for its numbers again and again: sections whose schedules mean something."""
    training = recipe.training
    yield "loss", recipe.loss.options
    yield from ((f"regularizers.{i}", chosen.options) for i, chosen in enumerate(recipe.regularizers))
    if recipe.augmentation:
        yield "augmentation", recipe.augmentation.options
    yield "training", training
    yield "training.generator_optimizer", training.generator_optimizer.options
    yield "training.discriminator_optimizer", training.discriminator_optimizer.options


def _chosen_within(path: str, options: BaseModel, followed: Collection[str]) -> Iterator[str]:
    """Yield the path of each schedule in a part that these options choose, but for those that are followed."""
    for name, value in vars(options).items():
        inner = f"{path}.{name}"
        if isinstance(value, Selection) and inner not in followed:
            yield from (key for key, _ in _within(inner, value.options))
            yield from _chosen_within(inner, value.options, followed)


def _within(path: str, options: BaseModel) -> Iterator[tuple[str, Schedule]]:
    for name, value in vars(options).items():
        entries = {f"{path}.{name}.{i}": each for i, each in enumerate(value)} if isinstance(value, tuple) else {}
        for key, each in (entries or {f"{path}.{name}": value}).items():
            if isinstance(each, Schedule):
                yield key, each
