"""Budget: what all cells get the same amount of, turned into each recipe's own length."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ganzoo._recipe.given import look_at
from ganzoo._recipe.schema import IMAGES_PER_KIMG, CourseSettings
from ganzoo._sweep.cells import Variant
from ganzoo._sweep.sweep_file import Budget
from ganzoo.errors import RecipeError

_MOST_KIMG = 1e6
"""Length of a training that hours end: it is never reached in them."""


def with_budget(variants: Sequence[Variant], budget: Budget | None) -> list[Variant]:
    """Return the variants with the lengths that hold the budget equal.

    Raises:
        RecipeError: Without an amount the recipes do not agree on one, or a recipe's length is not one that can be set.
    """
    if budget is None:
        return list(variants)
    if budget.equal == "hours":
        return [_timed(variant, budget.amount or 0) for variant in variants]
    amounts = {variant.name: _amount(variant, budget.equal) for variant in variants}
    if budget.amount is None:
        if len(set(amounts.values())) > 1:
            listed = ", ".join(f"{name} has {amount:g}" for name, amount in amounts.items())
            raise RecipeError(
                f"budget.equal: the recipes have unlike lengths in {budget.equal}: {listed}. Say how much each gets: "
                f"amount = {max(amounts.values()):g}"
            )
        return list(variants)
    return [_long(variant, budget.equal, budget.amount) for variant in variants]


def _long(variant: Variant, equal: str, amount: float) -> Variant:
    """Return a variant of that many kimg, or of that many updates of its generator."""
    _require_plain_length(variant)
    kimg = amount if equal == "kimg" else amount * _images_per_update(variant) / IMAGES_PER_KIMG
    return changed(variant, f"training.total_kimg={kimg:.10g}")


def _timed(variant: Variant, hours: float) -> Variant:
    _require_plain_length(variant)
    return changed(variant, f"training.total_kimg={_MOST_KIMG:g}", f"training.most_hours={hours:g}")


def changed(variant: Variant, *overrides: str) -> Variant:
    """Return a variant with further overrides, in place of earlier ones of the same keys."""
    keys = {override.partition("=")[0] for override in overrides}
    kept = tuple(each for each in variant.overrides if each.partition("=")[0] not in keys)
    whole = (*kept, *overrides)
    return replace(variant, overrides=whole, plain=look_at(variant.recipe, whole)[1])


def _amount(variant: Variant, equal: str) -> float:
    kimg = _training(variant).get("total_kimg")
    if not isinstance(kimg, int | float) or isinstance(kimg, bool):
        raise RecipeError(
            f"budget.equal: {variant.name} gives no training.total_kimg, so that its length in {equal} is not known"
        )
    images = round(kimg * IMAGES_PER_KIMG)
    if equal == "kimg":
        return images / IMAGES_PER_KIMG
    _require_plain_length(variant)
    return float(math.ceil(images / _batch(variant)) // _steps(variant))


def _require_plain_length(variant: Variant) -> None:
    training = _training(variant)
    if training.get("epochs") is not None:
        raise RecipeError(
            f"budget: {variant.name} counts epochs (training.epochs); a budget sets training.total_kimg, so write its "
            f"length in kimg"
        )
    if training.get("growth"):
        raise RecipeError(
            f"budget: {variant.name} grows by a schedule (training.growth) that a budget would cut; hold kimg equal, "
            f"by recipes of equal length and without an amount"
        )


def _images_per_update(variant: Variant) -> int:
    return _batch(variant) * _steps(variant)


def _batch(variant: Variant) -> int:
    return _whole(variant, "batch_size")


def _steps(variant: Variant) -> int:
    return _whole(variant, "discriminator_steps")


def _whole(variant: Variant, key: str) -> int:
    value = _training(variant).get(key, CourseSettings.model_fields[key].default)
    return value if isinstance(value, int) and value > 0 else 1  # another value is told where recipes are checked


def _training(variant: Variant) -> Mapping[str, Any]:
    training = variant.plain.get("training")
    return training if isinstance(training, Mapping) else {}
