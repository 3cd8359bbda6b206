"""Compatibility of extractors with the images of a recipe: of the one that scores, and of those that training reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ganzoo._recipe.judges import extractors_read
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.metric_input import PIXELS

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe


def unseen(recipe: Recipe, spec: ImageSpec) -> Iterator[str]:
    """Yield a sentence for each extractor that is to see the recipe's images, and cannot."""
    for read in extractors_read(recipe):
        if read.chosen and (reason := read.chosen.cls.cannot_see(read.chosen.options, spec)):
            yield f"{read.by}: {reason}; choose another extractor for it, or do without that part"
    scoring = recipe.scoring
    reason = scoring.extractor.cls.cannot_see(scoring.extractor.options, spec)
    if reason and any(looks(chosen.cls) for chosen in scoring.metrics):
        yield f"scoring.extractor: {reason}; choose another, or metrics that read no features"


def looks(metric: Any) -> bool:
    """Whether a metric, a class or an object of one, has the extractor look at images."""
    features = [role for role in metric.reads if role != PIXELS and role not in metric.describes]
    return bool(features) or metric.extractor_must_be is not None
