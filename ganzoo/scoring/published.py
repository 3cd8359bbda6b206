"""Published protocol: what to set so that a run is scored as the values of its recipe's papers were measured."""

from __future__ import annotations

from typing import Any

from ganzoo._recipe.published_values import PublishedScoring
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.toml_source import inline
from ganzoo._registry.registry import Registry
from ganzoo.contracts.metrics import Metric
from ganzoo.errors import RecipeError


def published_overrides(recipe: Recipe, registry: Registry) -> list[str]:
    """Return the override of each protocol under which the recipe's published values were measured.

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
    return [_override(recipe, registry, scoring, keys) for scoring, keys in keys_of.items()]


def _override(recipe: Recipe, registry: Registry, stated: PublishedScoring, keys: list[str]) -> str:
    """Return a whole [scoring] section: what neither is stated nor a draw of ours is not the recipe's but the default.

    So a protocol that the recipe truncates, or makes without noise, is never called the published one.
    """
    metrics, own = [_metric_of(key, registry) for key in keys], recipe.scoring
    section = stated.model_dump(exclude={"otherwise"}, exclude_none=True)
    section |= {"metrics": [metric.name for metric in metrics], "extractor": _extractor(metrics[0], recipe, registry)}
    section |= {"sampling_seed": own.sampling_seed, "batch_size": own.batch_size}
    return f"scoring={inline(section)}"


def _metric_of(key: str, registry: Registry) -> type[Metric]:
    for part in registry.parts("metric"):
        if key in part.cls.values:
            return part.cls
    raise RecipeError(f"published.{key}: no installed metric computes '{key}'; install its plugin, or remove the value")


def _extractor(metric: type[Metric], recipe: Recipe, registry: Registry) -> dict[str, Any]:
    """Return the extractor that has the features that the metric was published with; the recipe's if there is none.

    The recipe's own keeps its options, such as a file of weights, unless they make other features of it.
    """
    own = recipe.scoring.extractor
    for part in registry.parts("extractor"):
        roles = [part.cls.layers[role].features for role in metric.reads if role in part.cls.layers]
        if roles and all(features == metric.published_features for features in roles):
            is_own = own.cls is part.cls and not own.cls(own.options).variant()
            return own.plain() if is_own else {"name": part.name}
    return own.plain()
