"""Compatibility of a recipe's growth: networks that can, resolutions that there are, lengths that are all given."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING

from ganzoo._recipe.growth_schedule import starts_fading
from ganzoo._recipe.schema import GrowthSettings
from ganzoo.contracts.capabilities import Growable
from ganzoo.contracts.component import ImageSpec

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe


def growth_incompatibilities(recipe: Recipe, spec: ImageSpec) -> Iterator[str]:
    """Yield one sentence per reason why the recipe's growth cannot be, with the TOML path and a remedy."""
    growth = recipe.training.growth
    if growth is not None:
        yield from _growth(recipe, growth, spec)
        yield from _tables(recipe, growth, spec)
        if not growth.epochs:
            yield from _kimg(recipe, growth, spec)


def _growth(recipe: Recipe, growth: GrowthSettings, spec: ImageSpec) -> Iterator[str]:
    for role, chosen in (("generator", recipe.generator), ("discriminator", recipe.discriminator)):
        if not issubclass(chosen.cls, Growable):
            yield f"training.growth: {role} '{chosen.name}' cannot grow; remove [training.growth] or take one that can"
    start = growth.start_resolution
    if start & (start - 1) or not 4 <= start <= spec.resolution:
        yield (
            f"training.growth.start_resolution: should be a power of two from 4 to dataset.resolution "
            f"({spec.resolution}), but is {start}"
        )
    elif recipe.training.total_kimg and recipe.phases[-1].resolution < spec.resolution:
        yield (
            f"training.total_kimg: {recipe.training.total_kimg:g} ends at {recipe.phases[-1].resolution} pixels, "
            f"before growth reaches {spec.resolution}; train longer, or shorten stable_kimg and fade_kimg"
        )


def _tables(recipe: Recipe, growth: GrowthSettings, spec: ImageSpec) -> Iterator[str]:
    for table in ("batch_size", "learning_rate"):
        yield from _unreached(table, getattr(growth, table), _powers_of_two(4, spec.resolution))
    if growth.epochs:
        grown = list(_powers_of_two(growth.start_resolution, spec.resolution))
        yield from _unreached("epochs", growth.epochs, grown)
        yield from _lacking("epochs", growth.epochs, grown)


def _kimg(recipe: Recipe, growth: GrowthSettings, spec: ImageSpec) -> Iterator[str]:
    """Tables of kimg name all resolutions, and the end is said once."""
    grown = list(_powers_of_two(growth.start_resolution, spec.resolution))
    stable, fade, total = growth.stable_kimg, growth.fade_kimg, recipe.training.total_kimg
    if isinstance(stable, dict):
        yield from _unreached("stable_kimg", stable, grown)
        yield from _lacking("stable_kimg", stable, grown[:-1])
    if isinstance(fade, dict):
        yield from _unreached("fade_kimg", fade, grown if starts_fading(growth) else grown[1:])
        yield from _lacking("fade_kimg", fade, grown[1:])
    ends = isinstance(stable, dict) and spec.resolution in stable
    if total is None and not ends:
        yield (
            f"training.total_kimg: is missing; add it (Length of the training), or write training.growth.stable_kimg "
            f"as a table that ends with {spec.resolution}"
        )
    if total is not None and ends:
        yield (
            f"training.total_kimg: training.growth.stable_kimg says how long {spec.resolution} lasts already; remove "
            f"total_kimg or that entry"
        )


def _powers_of_two(first: int, last: int) -> Iterator[int]:
    while first <= last:
        yield first
        first *= 2


def _unreached(name: str, table: Iterable[int], resolutions: Iterable[int]) -> Iterator[str]:
    """Refuse resolutions without effect; a schedule may go on beyond the final resolution, as papers' tables do."""
    known = set(resolutions)
    reached = "fades in" if name == "fade_kimg" else "this training reaches"
    for side in table:
        beyond = side > max(known, default=0) and side & (side - 1) == 0
        if side not in known and not beyond:
            yield f"training.growth.{name}: {side} is not a resolution that {reached}"


def _lacking(name: str, table: Container[int], resolutions: Iterable[int]) -> Iterator[str]:
    if missing := ", ".join(str(each) for each in resolutions if each not in table):
        remedy = "" if name == "epochs" else ", or write one number for all"
        yield f"training.growth.{name}: lacks {missing}; name every resolution{remedy}"
