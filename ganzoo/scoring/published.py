"""Published protocol: what to set so that a run is scored as the values of its recipe's papers were measured."""

from __future__ import annotations

from ganzoo._recipe.published_values import PublishedScoring
from ganzoo._recipe.recipe import Recipe
from ganzoo._registry.registry import Registry
from ganzoo.contracts.metrics import Metric
from ganzoo.errors import RecipeError


def published_overrides(recipe: Recipe, registry: Registry) -> list[list[str]]:
    """Return the overrides of each protocol under which the recipe's published values were measured.

    Raises:
        RecipeError: The recipe does not say how any of them was, or no installed part computes one.
    """
    keys_of: dict[PublishedScoring, list[str]] = {}
    for key, value in recipe.published.items():
        if value.scoring is not None:
            keys_of.setdefault(value.scoring, []).append(key)
    if not keys_of:
        raise RecipeError(
            f"recipe '{recipe.title or recipe.generator.name}' does not say how a published value was measured; write "
            f"[published.NAME.scoring] with generated = 50000 and the like"
        )
    return [_overrides(recipe, registry, scoring, keys) for scoring, keys in keys_of.items()]


def _overrides(recipe: Recipe, registry: Registry, scoring: PublishedScoring, keys: list[str]) -> list[str]:
    metrics = [_metric_of(key, registry) for key in keys]
    names = ", ".join(f'"{metric.name}"' for metric in metrics)
    found = [
        f"scoring.metrics=[{names}]",
        f"scoring.generated={scoring.generated}",
        f"scoring.mirror={str(scoring.mirror).lower()}",
        "scoring.truncation_psi=1.0",
    ]
    if scoring.reference_images is not None:
        found.append(f"scoring.reference_images={scoring.reference_images}")
    extractor = _extractor_of(metrics[0], registry)
    if extractor is not None and extractor != recipe.scoring.extractor.name:
        found.append(f'scoring.extractor={{name = "{extractor}"}}')
    return found


def _metric_of(key: str, registry: Registry) -> type[Metric]:
    for part in registry.parts("metric"):
        if key in part.cls.values:
            return part.cls
    raise RecipeError(f"published.{key}: no installed metric computes '{key}'; install its plugin, or remove the value")


def _extractor_of(metric: type[Metric], registry: Registry) -> str | None:
    """Return the extractor that has the features that the metric was published with, None if there is none."""
    for part in registry.parts("extractor"):
        roles = [part.cls.layers[role].features for role in metric.reads if role in part.cls.layers]
        if roles and all(features == metric.published_features for features in roles):
            return part.name
    return None
