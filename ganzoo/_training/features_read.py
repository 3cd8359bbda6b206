"""Features read: what the record says of the extractors whose features a training reads."""

from __future__ import annotations

from typing import Any

from ganzoo._recipe.judges import ReadExtractor, extractors_read
from ganzoo._recipe.recipe import Recipe
from ganzoo._registry.registry import Registry
from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.features_read import FeaturesRead
from ganzoo.contracts.component import ConfiguredPart
from ganzoo.contracts.extractors import Extractor
from ganzoo.errors import PluginError, RefusedError

KEY = "features_read"  # in the state of initial weights


def features_read(recipe: Recipe, registry: Registry, directory: RunDirectory) -> tuple[FeaturesRead, ...]:
    """Return the extractors that the training of a run reads, with their weights, and those of its initial weights.

    Raises:
        WeightsError: Weights are missing or damaged.
    """
    own = [_described(each, registry) for each in extractors_read(recipe)]
    return tuple(dict.fromkeys([*own, *inherited(directory)]))


def inherited(directory: RunDirectory) -> list[FeaturesRead]:
    """Return what the training of a run's initial weights had read."""
    checkpoint, _ = newest_good(directory.initial) if directory.initial.exists() else (None, ())
    stated: Any = checkpoint.state.get(KEY, []) if checkpoint else []
    return [FeaturesRead.model_validate(each) for each in stated]


def refuse_other_weights(before: tuple[FeaturesRead, ...], now: tuple[FeaturesRead, ...], run: str) -> None:
    """Raise RefusedError where a run would go on with other features than it began with."""
    known = {(each.extractor, each.by): each for each in before}
    for each in now:
        old = known.get((each.extractor, each.by))
        if old is not None and old.weights_sha256 != each.weights_sha256:
            raise RefusedError(
                f"{run} reads the features of '{each.extractor}' with weights {old.weights_sha256[:12]}..., and those "
                f"that are found now are {each.weights_sha256[:12]}...: put the same file in their place"
            )


def _described(read: ReadExtractor, registry: Registry) -> FeaturesRead:
    chosen = read.chosen or _installed(read.name, registry)
    if chosen is None:
        return FeaturesRead(extractor=read.name, by=read.by)
    cls: Any = chosen.cls
    weights = cls(chosen.options).weights()
    return FeaturesRead(
        extractor=read.name,
        extractor_class=f"{cls.__module__}.{cls.__qualname__}",
        weights_sha256=weights.sha256 if weights else "",
        by=read.by,
    )


def _installed(name: str, registry: Registry) -> ConfiguredPart[Extractor] | None:
    """Return an extractor that a part reads without an option for it, if it is installed."""
    try:
        found = registry.part("extractor", name).cls
    except PluginError:
        return None
    return ConfiguredPart(found, found.Options())
