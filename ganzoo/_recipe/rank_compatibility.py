"""Rank compatibility: whether several processes can share the batches of a recipe without changing what it trains."""

from __future__ import annotations

from collections.abc import Iterator

from ganzoo._recipe.compatibility import coupled_parts, part_errors
from ganzoo._recipe.recipe import Recipe
from ganzoo.errors import RecipeError


def check_ranks(recipe: Recipe, ranks: int) -> None:
    """Raise RecipeError unless `ranks` processes can train a recipe as one would, with a sentence per reason."""
    if ranks > 1 and (reasons := list(rank_errors(recipe, ranks))):
        raise RecipeError("\n".join(reasons))


def rank_errors(recipe: Recipe, ranks: int) -> Iterator[str]:
    """Yield one sentence per reason why `ranks` processes cannot share the recipe's batches, with a remedy."""
    sizes = sorted({phase.batch_size for phase in recipe.phases})
    if uneven := [size for size in sizes if size % ranks]:
        yield (
            f"training.batch_size: {ranks} processes cannot share batches of {', '.join(map(str, uneven))} images "
            f"evenly; choose multiples of {ranks}, or another number of processes"
        )
    micro = recipe.training.micro_batch or 0
    if micro % ranks:
        yield (
            f"training.micro_batch: {ranks} processes cannot share {micro} images evenly; it counts those of all "
            f"processes: choose a multiple of {ranks}"
        )
    for where, choice in coupled_parts(recipe):
        if not choice.cls.reduces_over_ranks:
            yield (
                f"{where} depends on the other images of the batch and does not say that it sees those of other "
                f"processes (reduces_over_ranks); choose options without that coupling, train in one process, or let "
                f"it use batch_mean, all_rows and BatchNorm2d of ganzoo.layers and say so"
            )
    yield from part_errors(recipe, recipe.dataset.cls.spec_of(recipe.dataset.options), ranks)
