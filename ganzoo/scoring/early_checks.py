"""Early checks: what the listed images already tell of a recipe that must fail, before any of them is prepared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ganzoo._recipe.recipe import Recipe
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import Item
from ganzoo.data.pack.manifest import SPLITS
from ganzoo.errors import DataError, RecipeError
from ganzoo.scoring.checks import check_counts, check_images
from ganzoo.scoring.protocol import HELD_OUT_SPLITS


def check_listed(recipe: Recipe, items: Sequence[Item]) -> None:
    """Judge a recipe by how many images its dataset lists, if all of them can be used.

    Raises:
        DataError: The split that is trained on cannot have any images.
        RecipeError: There will be too few images, no classes, or none held out.
    """
    options = recipe.dataset.options
    splits = possible_splits(recipe, items)
    for key, split, error in (
        ("training.split", recipe.training.split, DataError),
        ("scoring.split", recipe.scoring.split, RecipeError),
    ):
        if split not in splits:
            raise error(
                f"{key}: dataset '{recipe.dataset.name}' has no images in split '{split}' (it has {', '.join(splits)})"
            )
    scoring = recipe.scoring
    metrics = [chosen.cls(chosen.options) for chosen in scoring.metrics]
    most = splits[scoring.split]
    check_counts(metrics, scoring, scoring.reference_images or most, most)
    spec: ImageSpec = recipe.dataset.cls.spec_of(options)
    others = [name for name in HELD_OUT_SPLITS if name in splits and name != scoring.split]
    check_images(metrics, recipe.dataset.name, spec.label_dim, others[0] if others else None)


def possible_splits(recipe: Recipe, items: Sequence[Item]) -> dict[str, int]:
    """Return the splits that a dataset may come to have, with the most images that each can hold."""
    stated = Counter(item.split for item in items if item.split is not None)
    free = sum(item.split is None for item in items)
    options = recipe.dataset.options
    drawn = [name for name, share in {"held-out": options.held_out, **options.shares}.items() if share]
    names = [name for name in SPLITS if name in stated or (free and name in ("train", *drawn))]
    return {name: stated[name] + free for name in names}
