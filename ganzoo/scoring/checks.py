"""Checks of the counts that a score needs, before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ganzoo.errors import RecipeError

if TYPE_CHECKING:
    from ganzoo._recipe.schema import ScoringSettings
    from ganzoo.contracts.metrics import Metric


def check_counts(metrics: Sequence[Metric], settings: ScoringSettings, reference_images: int, available: int) -> None:
    """Raise RecipeError if there are too few images for what is asked."""
    if reference_images > available:
        raise RecipeError(
            f"scoring.reference_images: {reference_images} asked for, but split '{settings.split}' has {available}; "
            "lower it, or leave it out to use all."
        )
    for index, metric in enumerate(metrics):
        if reason := metric.shortage(settings.generated, reference_images):
            raise RecipeError(f"scoring.metrics.{index}: {metric.name}: {reason}.")
