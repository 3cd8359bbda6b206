"""Metric catalog: the installed metrics, what each needs, and what it was measured to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ganzoo._registry.index import discovered
from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry
from ganzoo.contracts.metric_values import Display, Sensitivity
from ganzoo.scoring.features import layer_roles


@dataclass(frozen=True)
class MetricValue:
    """A value of a metric.

    Attributes:
        key: Its key in records, exports and `[published]`.
        label: Its name in tables, `FD-<extractor>` where the extractor completes it.
        published: Its name in the features that it was published with; empty where it has none.
        published_features: Those features; empty where it has none.
        lower_is_better: Its direction.
        unit: Its unit, empty where it has none.
        sensitivity: What it was measured to see; None: not measured.
    """

    key: str
    label: str
    published: str
    published_features: str
    lower_is_better: bool
    unit: str
    sensitivity: Sensitivity | None


@dataclass(frozen=True)
class MetricDescription:
    """An installed metric.

    Attributes:
        name: Its name in `scoring.metrics`.
        origin: Where it comes from.
        description: What it is, in a sentence.
        paper: Its source.
        needs: What it needs beside generated and real images, in phrases.
        images_to_rank: Images on either side with which it ranks; with fewer it is shown, and another metric ranks.
        values: Its values.
    """

    name: str
    origin: str
    description: str
    paper: str
    needs: tuple[str, ...]
    images_to_rank: int | None
    values: tuple[MetricValue, ...]


def metrics(registry: Registry | None = None) -> tuple[MetricDescription, ...]:
    """Describe the installed metrics, by name.

    Args:
        registry: The parts; those of this environment if None.
    """
    registry = registry or discovered()
    return tuple(_described(part, registry) for part in registry.parts("metric"))


def _described(part: Part, registry: Registry) -> MetricDescription:
    cls = part.cls
    values = tuple(_value(cls, key, display) for key, display in cls.values.items())
    needs = tuple(_needs(cls, registry))
    return MetricDescription(
        part.name, str(part.origin), part.description, part.paper, needs, _images_to_rank(cls), values
    )


def _value(cls: Any, key: str, display: Display) -> MetricValue:
    of_features = bool(layer_roles(cls)) or cls.extractor_must_be is not None
    label = f"{display.stem}-<extractor>" if of_features else display.published or display.stem
    published = display.published if of_features and cls.published_features else ""
    return MetricValue(
        key,
        label,
        published,
        cls.published_features if published else "",
        display.lower_is_better,
        display.unit,
        cls.sensitivity.get(key),
    )


def _images_to_rank(cls: Any) -> int | None:
    """Return how many images the metric needs with its default options, if it has defaults for all."""
    try:
        return int(cls(cls.Options()).images_needed())
    except Exception:  # an option without a default, or a plugin's own fault, which is told where it is used
        return None


def _needs(cls: Any, registry: Registry) -> Iterator[str]:
    extractors = registry.parts("extractor")
    if roles := layer_roles(cls):
        able = [part.name for part in extractors if all(role in part.cls.layers for role in roles)]
        yield f"an extractor with {' and '.join(map(repr, roles))} ({_named(able, len(extractors))})"
    if capability := cls.extractor_must_be:
        able = [part.name for part in extractors if issubclass(part.cls, capability)]
        yield f"a {capability.__name__} extractor ({_named(able, len(extractors))})"
    if len(roles) < len(cls.reads):
        yield "the images themselves"
    if not cls.uses_reference:
        yield "no real images"
    if cls.uses_classes:
        yield "a dataset with classes"
    if cls.uses_held_out:
        yield "real images that were not trained on (dataset.held_out)"
    if cls.generator_must_be is not None:
        yield f"a {cls.generator_must_be.__name__} generator"


def _named(able: list[str], installed: int) -> str:
    if not able:
        return "none is installed"
    return "any that is installed" if len(able) == installed > 1 else ", ".join(able)
