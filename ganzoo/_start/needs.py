"""Needs: what a recipe has to have on a machine before it can be trained and scored, and what of that is not there."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

import torch

from ganzoo._recipe.recipe import Recipe
from ganzoo._training.first_look import missing_root
from ganzoo._training.memory_estimate import MemoryEstimate, heaviest_phase
from ganzoo._training.smaller_batch import less_memory
from ganzoo.errors import GanzooError
from ganzoo.text import memory_size


@dataclass(frozen=True)
class Need:
    """One thing that a recipe needs.

    Attributes:
        kind: `images`, `weights` or `memory`.
        what: What it is, and where it was found.
        remedy: Why it is not there and what would bring it; empty where it is there.
    """

    kind: str
    what: str
    remedy: str = ""


def needs_of(recipe: Recipe, known: dict[str, Need]) -> list[Need]:
    """Return the images and weights that a recipe needs, there or not; no image is read.

    Args:
        recipe: The recipe.
        known: Weights that were looked for already, which are checked by their hash: used, and filled.
    """
    chosen = recipe.scoring.extractor
    key = f"{chosen.name} {chosen.options!r}"
    if key not in known:
        known[key] = _weights(recipe)
    return [*_images(recipe), known[key]]


def _images(recipe: Recipe) -> list[Need]:
    root = getattr(recipe.dataset.options, "root", None)
    if root is None:  # a dataset that draws its own
        return []
    return [Need("images", f"{recipe.dataset.name} in {root}", missing_root(recipe.plain()))]


def _weights(recipe: Recipe) -> Need:
    chosen = recipe.scoring.extractor
    name = chosen.name
    try:
        found = chosen.cls(chosen.options).weights()
    except GanzooError as error:
        return Need("weights", name, str(error))
    return Need("weights", f"{name}, {found.path}" if found else f"{name}, which needs no file")


def memory_need(recipe: Recipe, expected: MemoryEstimate) -> list[Need]:
    """Return the memory that a training takes, if it can be told, against the largest device of this machine."""
    if expected.memory_bytes is None:
        return []
    place, there = _device_memory()
    what = f"about {memory_size(expected.memory_bytes)} for training; {place} has {memory_size(there)}"
    if not there or expected.memory_bytes <= there:
        return [Need("memory", what)]
    advice = less_memory(recipe.training, heaviest_phase(recipe, expected))
    return [Need("memory", what, f"the training may need more than {place} has: {advice}, or use a larger machine")]


def _device_memory() -> tuple[str, int]:
    """Return the device that trains here by default, and its memory in bytes; 0 where no one tells."""
    if torch.cuda.is_available():
        return "cuda:0", torch.cuda.get_device_properties(0).total_memory
    with suppress(ValueError, OSError, AttributeError):
        return "this machine", os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return "this machine", 0
