"""Checks of the counts that a score needs, before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ganzoo._recipe.extractor_compatibility import looks
from ganzoo.errors import RecipeError, RefusedError

if TYPE_CHECKING:
    from ganzoo._recipe.schema import ScoringSettings
    from ganzoo.contracts.component import ImageSpec
    from ganzoo.contracts.extractors import Extractor
    from ganzoo.contracts.metrics import Metric
    from ganzoo.contracts.networks import Generator


def check_counts(metrics: Sequence[Metric], settings: ScoringSettings, reference_images: int, available: int) -> None:
    """Raise RecipeError if there are too few images for what is asked."""
    if reference_images > available:
        raise RecipeError(
            f"scoring.reference_images: {reference_images} asked for, but split '{settings.split}' has {available}; "
            "lower it, or leave it out to use all."
        )
    for index, metric in enumerate(metrics):
        if reason := metric.shortage(settings.generated, reference_images):
            raise RecipeError(f"scoring.metrics.{index}: {metric.name}: {reason} (split '{settings.split}').")


def check_widths(metrics: Sequence[Metric], settings: ScoringSettings, extractor: Extractor) -> None:
    """Raise RecipeError if fewer images are generated than a metric needs for features as wide as these."""
    for index, metric in enumerate(metrics):
        width = max((extractor.layers[role].width for role in metric.reads if role in extractor.layers), default=0)
        needed = math.ceil(metric.images_per_feature * width)
        if settings.generated < needed:
            raise RecipeError(
                f"scoring.metrics.{index}: {metric.name}: needs {needed:,} generated images for the {width:,} features "
                f"of extractor '{extractor.name}' ({metric.images_per_feature:g} for each), but there are "
                f"{settings.generated:,}; raise scoring.generated, or leave out the metric."
            )


def check_seen(metrics: Sequence[Metric], extractor: Extractor, images: ImageSpec) -> None:
    """Raise RecipeError if the extractor is to look at images that it cannot see."""
    reason = type(extractor).cannot_see(extractor.options, images)
    if reason and any(looks(metric) for metric in metrics):
        raise RecipeError(f"scoring.extractor: {reason}; choose another, or metrics that read no features.")


def check_images(metrics: Sequence[Metric], dataset: str, classes: int, held_out: str | None) -> None:
    """Raise RecipeError if a metric needs classes or held-out images and there are none."""
    for index, metric in enumerate(metrics):
        if metric.uses_classes and not classes:
            raise RecipeError(
                f"scoring.metrics.{index}: {metric.name} compares classes, and dataset '{dataset}' has none; leave out "
                f"the metric."
            )
        if metric.uses_held_out and held_out is None:
            raise RecipeError(
                f"scoring.metrics.{index}: {metric.name} needs real images that were not trained on, and dataset "
                f"'{dataset}' keeps none apart; set dataset.held_out = 0.1, or leave out the metric."
            )


def check_networks(metrics: Sequence[Metric], generator: Generator, extractor: Extractor) -> None:
    """Raise RefusedError if the generator or the extractor lacks what a metric asks of it."""
    for metric in metrics:
        for what, part, wanted in (
            ("generator", generator, metric.generator_must_be),
            ("extractor", extractor, metric.extractor_must_be),
        ):
            if wanted is not None and not isinstance(part, wanted):
                raise RefusedError(
                    f"metric '{metric.name}' needs a {wanted.__name__} {what}, which '{part.name}' is not; leave out "
                    f"the metric."
                )
