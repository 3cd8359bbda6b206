"""Compatibility of the generator with how scores sample it: truncation and noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ganzoo.contracts._adds_noise import adds_noise
from ganzoo.contracts.capabilities import NoiseInputs, StyleBased
from ganzoo.contracts.truncatable_latents import TruncatableLatents
from ganzoo.errors import RecipeError

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe
    from ganzoo.contracts.networks import Generator


def sampling_problems(recipe: Recipe) -> Iterator[str]:
    """Yield what the generator lacks for the scoring's truncation and noise, each with its remedy."""
    if recipe.scoring.truncation_psi != 1.0 and not issubclass(recipe.generator.cls, StyleBased):
        truncatable = issubclass(recipe.generator.cls, TruncatableLatents)
        instead = ", and truncate its latents by scoring.truncation_threshold" if truncatable else ""
        yield (
            f"scoring.truncation_psi: generator '{recipe.generator.name}' has no styles to truncate; "
            f"remove the key or set it to 1.0{instead}"
        )
    if recipe.scoring.truncation_cutoff is not None and recipe.scoring.truncation_psi == 1.0:
        yield (
            "scoring.truncation_cutoff: nothing is truncated while scoring.truncation_psi is 1.0; remove the key or "
            "lower scoring.truncation_psi"
        )
    if recipe.scoring.truncation_threshold is not None and not issubclass(recipe.generator.cls, TruncatableLatents):
        yield (
            f"scoring.truncation_threshold: generator '{recipe.generator.name}' has no latents that can be truncated; "
            f"remove the key"
        )
    if recipe.scoring.noise_mode != "random" and not issubclass(recipe.generator.cls, NoiseInputs):
        yield _no_noise(recipe, "has no noise inputs")


def check_noise(recipe: Recipe, generator: Generator) -> None:
    """Raise RecipeError if the scoring chooses the noise of a generator that has inputs for it, but was built without.

    Only the network itself knows: its options may leave noise out.
    """
    if recipe.scoring.noise_mode != "random" and not adds_noise(generator):
        raise RecipeError(_no_noise(recipe, "adds no noise as it is built here"))


def _no_noise(recipe: Recipe, lack: str) -> str:
    return f"scoring.noise_mode: generator '{recipe.generator.name}' {lack}; remove the key or set it to \"random\""
