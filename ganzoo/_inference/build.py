"""Building of networks from a recipe's selections."""

from __future__ import annotations

from typing import Any

from ganzoo._random.global_streams import seed_torch
from ganzoo._random.seeds import seed_for
from ganzoo._recipe.selection import Selection
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.errors import GanzooError


def build_generator(selection: Selection, images: ImageSpec, seed: int) -> Generator:
    """Build a generator on the CPU, initialized from the seed."""
    seed_torch(seed_for(seed, "initialisation", "generator"))
    network: Generator = build_part("generator", selection, images)
    return network


def build_discriminator(selection: Selection, images: ImageSpec, seed: int) -> Discriminator:
    """Build a discriminator on the CPU, initialized from the seed."""
    seed_torch(seed_for(seed, "initialisation", "discriminator"))
    network: Discriminator = build_part("discriminator", selection, images)
    return network


def build_part(role: str, selection: Selection, images: ImageSpec) -> Any:
    try:
        return selection.cls(selection.options, images)
    except GanzooError:
        raise
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise GanzooError(
            f"{role} '{selection.name}' of {selection.part.origin} cannot be built for {images.channels} channels at "
            f"{images.resolution} pixels: {error}"
        ) from error
