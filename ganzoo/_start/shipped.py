"""Shipped recipes: what each is, needs and takes, and copies of them to change."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from ganzoo._io.atomic import atomic_write
from ganzoo._io.os_errors import shown
from ganzoo._recipe.find_recipe import find_recipe, recipe_folder, shipped_recipes
from ganzoo._recipe.load import load
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.toml_source import read
from ganzoo._registry.code import CORE_DISTRIBUTION
from ganzoo._registry.plugin_recipes import plugin_recipes
from ganzoo._registry.registry import Registry
from ganzoo._start.needs import Need, memory_need, needs_of
from ganzoo._training.memory_estimate import MemoryEstimate, estimate_memory
from ganzoo._training.time_left import arithmetic
from ganzoo.errors import GanzooError, RecipeError, RefusedError


@dataclass(frozen=True)
class ShippedRecipe:
    """A recipe that ships.

    Attributes:
        name: What commands call it.
        title: What it is.
        dataset: The dataset that it needs.
        needs_images: Whether those have to be brought along.
        classes: How many classes its images have, 0 for none.
        resolution: Of the images.
        kimg: Length, in thousands of images shown; None where it counts epochs.
        networks: Generator and discriminator, by name.
        extractor: Whose features score it.
        needs: The images and weights that it needs, there or not; of one recipe that was asked for, memory too.
        petaflops: Arithmetic of the training in 10^15 operations, computed: forwards, and backwards at twice their
            cost, of both players; None where it was not asked for, or the networks cannot be traced.
    """

    name: str
    title: str
    dataset: str
    needs_images: bool
    classes: int
    resolution: int
    kimg: float | None
    networks: str
    extractor: str
    needs: tuple[Need, ...]
    petaflops: float | None


_PASSES = 3 * 2  # a backward costs two forwards, and both players run both networks


def list_shipped(registry: Registry, *, cost: bool = False) -> tuple[list[ShippedRecipe], list[str]]:
    """Return all recipes that ship, with ganzoo and then with plugins, and the names of those that are not valid here.

    Their arithmetic, if asked, takes a while. A recipe whose name others have too is called `distribution:name`.
    """
    known: dict[str, Need] = {}
    found = [(CORE_DISTRIBUTION, name, recipe_folder() / f"{name}.toml") for name in shipped_recipes()]
    found += [(each.origin.distribution, each.name, each.path) for each in plugin_recipes()]
    count = Counter(name for _, name, _ in found)
    listed, invalid = [], []
    for distribution, own_name, path in found:
        name = own_name if count[own_name] == 1 else f"{distribution}:{own_name}"
        try:
            listed.append(_listed(name, path, registry, known, cost))
        except GanzooError:  # `ganzoo check` says what is wrong with it, such as a name that two plugins have
            invalid.append(name)
    return listed, invalid


def show_recipe(name: str, registry: Registry) -> tuple[ShippedRecipe, Recipe, MemoryEstimate]:
    """Return what a recipe is and needs, its memory and arithmetic included; a file of one's own will do.

    Raises:
        RecipeError: There is no recipe of that name, or it is not valid.
    """
    path = find_recipe(name)
    listed, (_, recipe) = _listed(path.stem, path, registry, {}, cost=True), load(path, registry)
    expected = estimate_memory(recipe)
    return replace(listed, needs=(*listed.needs, *memory_need(recipe, expected))), recipe, expected


def _listed(name: str, path: Path, registry: Registry, known: dict[str, Need], cost: bool) -> ShippedRecipe:
    _, recipe = load(path, registry)
    spec = recipe.dataset.cls.spec_of(recipe.dataset.options)
    work = arithmetic(recipe) if cost else {}
    operations = sum((phase.end - phase.start) * work.get(phase.resolution, 0.0) for phase in recipe.phases)
    networks = dict.fromkeys((recipe.generator.name, recipe.discriminator.name))
    in_kimg = not recipe.counts_epochs
    return ShippedRecipe(
        name=name,
        title=recipe.title,
        dataset=recipe.dataset.name,
        needs_images=hasattr(recipe.dataset.options, "root"),
        classes=spec.label_dim,
        resolution=spec.resolution,
        kimg=recipe.total_images / 1000 if in_kimg else None,
        networks=" against ".join(networks),
        extractor=recipe.scoring.extractor.name,
        needs=tuple(needs_of(recipe, known)),
        petaflops=_PASSES * operations / 1e15 if operations and in_kimg else None,
    )


def copy_recipe(name: str, to: Path | None) -> Path:
    """Write a shipped recipe, comments and all, to a file of one's own; `NAME.toml` here if none is given.

    Raises:
        RecipeError: There is no recipe of that name.
        RefusedError: There is something at that path already.
    """
    source = find_recipe(name)  # or it names the one that was meant
    if source.parent != recipe_folder() and source not in [each.path for each in plugin_recipes()]:
        raise RecipeError(f"{name} is a file of yours already; `ganzoo recipes` lists what ships")
    path = to or Path(source.name)
    if path.is_dir():
        path = path / source.name
    if os.path.lexists(path):
        raise RefusedError(f"{shown(path)} exists already and is not replaced; give another name with --to")
    atomic_write(path, read(source).encode())
    return path
