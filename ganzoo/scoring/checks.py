"""What a score needs, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ganzoo.errors import RecipeError

if TYPE_CHECKING:
    from ganzoo._recipe.schema import ScoringSettings
    from ganzoo.contracts.extractors import Extractor


def check_served(metrics: Iterable[str], extractor: Extractor) -> None:
    """Raise RecipeError naming the first metric that the extractor does not serve, and those that it does."""
    for metric in metrics:
        if metric not in extractor.metrics:
            raise RecipeError(
                f"scoring.metrics: extractor '{extractor.name}' does not serve '{metric}', only "
                f"{', '.join(extractor.metrics)}; {servers_of(metric)}"
            )


def servers_of(metric: str) -> str:
    """Return a sentence's end that names the installed extractors that serve `metric`."""
    from ganzoo._registry.registry import Registry

    found = [part.name for part in Registry.discover().parts("extractor") if metric in part.cls.metrics]
    if not found:
        return "no installed extractor does"
    return f"choose scoring.extractor.name = {' or '.join(repr(name) for name in sorted(found))}"


def check_counts(settings: ScoringSettings, reference_images: int, available: int) -> None:
    """Raise RecipeError if there are too few images for what is asked."""
    if reference_images > available:
        raise RecipeError(
            f"scoring.reference_images: {reference_images} asked for, but split '{settings.split}' has {available}; "
            "lower it, or leave it out to use all."
        )
    least = min(settings.generated, reference_images)
    sides = f"there are {settings.generated} generated and {reference_images} real images"
    needs = {
        "fid": (2, "FID needs at least 2 images on either side"),
        "kid": (settings.kid_subset_size, f"scoring.kid_subset_size is {settings.kid_subset_size}"),
        "prc": (settings.prc_neighborhood + 1, f"scoring.prc_neighborhood is {settings.prc_neighborhood}"),
        "isc": (settings.isc_splits, f"scoring.isc_splits is {settings.isc_splits}"),
    }
    for metric in settings.metrics:
        needed, why = needs[metric]
        if (settings.generated if metric == "isc" else least) < needed:
            raise RecipeError(f"{why}, but {sides}; lower it, or raise the counts.")
    if "kid" in settings.metrics and settings.kid_subset_size < 2:
        raise RecipeError("scoring.kid_subset_size: should be at least 2.")
