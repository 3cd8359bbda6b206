"""Judges of a recipe: whether its training reads the features that its images are scored in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ganzoo.contracts._chosen_in import chosen_in
from ganzoo.contracts.component import ConfiguredPart
from ganzoo.contracts.extractors import Extractor

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe
    from ganzoo._registry.registry import Registry


@dataclass(frozen=True)
class ReadExtractor:
    """An extractor that a part of a training reads.

    Attributes:
        name: Its name.
        chosen: Its class and options; None where the part says its name alone.
        by: The part: `discriminator 'projected'`.
    """

    name: str
    chosen: ConfiguredPart[Extractor] | None
    by: str


def extractors_read(recipe: Recipe) -> tuple[ReadExtractor, ...]:
    """Return the extractors whose features the training of a recipe reads, as the options of its parts name them."""
    parts = [
        ("generator", recipe.generator),
        ("discriminator", recipe.discriminator),
        ("loss", recipe.loss),
        *(("penalty", each) for each in recipe.loss.cls.regularizers(recipe.loss.options)),
        *(("penalty", each) for each in recipe.regularizers),
        *([("augmentation", recipe.augmentation)] if recipe.augmentation else []),
    ]
    return tuple(found for role, part in parts for found in _of_part(part, f"{role} '{part.cls.name}'"))


def _of_part(part: Any, by: str) -> Iterator[ReadExtractor]:
    for chosen in chosen_in(part.options):
        if issubclass(chosen.cls, Extractor):
            yield ReadExtractor(chosen.cls.name, chosen, by)
    for name in part.cls.extractors_read(part.options):
        yield ReadExtractor(name, None, by)


def judge_read(recipe: Recipe) -> ReadExtractor | None:
    """Return the extractor that scores the recipe's images, if its training reads it too."""
    judge = recipe.scoring.extractor.cls
    for each in extractors_read(recipe):
        if judge is each.chosen.cls if each.chosen else judge.name == each.name:
            return each
    return None


def judge_warning(recipe: Recipe, registry: Registry) -> str | None:
    """Say that the scores of a recipe will have no rank, and which extractors would do; None where all is well."""
    read = judge_read(recipe)
    if read is None:
        return None
    seen = {each.name for each in extractors_read(recipe)}
    others = [name for name in registry.names["extractor"] if name not in seen]
    would_do = f"; installed are {', '.join(others)}" if others else ""
    return (
        f"scoring.extractor: {read.by} reads the features of '{read.name}', so scores in them say nothing of the "
        f"images and get no rank; choose another extractor{would_do}"
    )
