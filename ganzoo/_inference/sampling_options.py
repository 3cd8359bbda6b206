"""Sampling options: truncation, noise, where what is generated is moved to, and the stage of a growing generator."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from ganzoo._inference.growth_stage import GrowthStage
from ganzoo.contracts._adds_noise import adds_noise
from ganzoo.contracts.capabilities import NoiseInputs, NoiseMode, StyleBased, Transformable
from ganzoo.contracts.networks import Generator
from ganzoo.contracts.truncatable_latents import TruncatableLatents
from ganzoo.errors import RecipeError, RefusedError
from ganzoo.layers.style import truncated


@dataclass(frozen=True)
class SamplingOptions:
    """What is asked of a generator beside latents and labels.

    Attributes:
        truncation_psi: The pull of styles towards their mean: 1 none, 0 all the way, below 0 to the other side
            (arXiv:1812.04948, appendix B).
        truncation_cutoff: How many of the first style layers are truncated; None: all.
        truncation_threshold: Largest absolute value of a latent's numbers; those beyond are drawn again (BigGAN,
            arXiv:1809.11096, section 3.1). None: no truncation of latents.
        noise_mode: The noise inside the generator; None: `random` if it has any.
        stage: Where a growing generator is to stand; None: where it stands.
        rotation: By how many degrees what is generated is turned clockwise, around the center of the image.
        shift_right: By how many sides of the image it is moved right, once turned.
        shift_down: Likewise down.
    """

    truncation_psi: float = 1.0
    truncation_cutoff: int | None = None
    noise_mode: NoiseMode | None = None
    stage: GrowthStage | None = None
    rotation: float = 0.0
    shift_right: float = 0.0
    shift_down: float = 0.0
    truncation_threshold: float | None = None

    @property
    def moved(self) -> dict[str, float]:
        """How what is generated is moved, as plain data; empty where it is not."""
        found = {"rotation": self.rotation, "shift_right": self.shift_right, "shift_down": self.shift_down}
        return found if any(found.values()) else {}

    def transform(self) -> Tensor | None:
        """Return the matrix `[3, 3]` of `Transformable.use_transform`; None where nothing is moved."""
        if not self.moved:
            return None
        cosine, sine = math.cos(math.radians(self.rotation)), math.sin(math.radians(self.rotation))
        rows = [[cosine, -sine, self.shift_right], [sine, cosine, self.shift_down], [0.0, 0.0, 1.0]]
        return torch.tensor(rows)

    def check(self, generator: Generator) -> None:
        """Raise RefusedError, naming the capability, if the generator cannot be used like this."""
        if not math.isfinite(self.truncation_psi):
            raise RecipeError(f"truncation_psi {self.truncation_psi} is no number; choose one such as 0.7.")
        if self.truncation_psi != 1.0 and not isinstance(generator, StyleBased):
            instead = " and truncate its latents by truncation_threshold" * isinstance(generator, TruncatableLatents)
            raise RefusedError(
                f"truncation_psi {self.truncation_psi:g} needs a generator with styles, which '{generator.name}' is "
                f"not (it lacks the capability StyleBased); set it to 1{instead}."
            )
        self._check_threshold(generator)
        self._check_noise(generator)
        self._check_move(generator)

    def _check_noise(self, generator: Generator) -> None:
        if self.noise_mode is None or adds_noise(generator):
            return
        has_inputs = isinstance(generator, NoiseInputs)
        lacking = "its noise is at no resolution" if has_inputs else "it lacks the capability NoiseInputs"
        raise RefusedError(
            f"noise_mode '{self.noise_mode}' needs a generator that adds noise, which '{generator.name}' does not "
            f"({lacking}); leave it out."
        )

    def _check_threshold(self, generator: Generator) -> None:
        threshold = self.truncation_threshold
        if threshold is None:
            return
        if not 0 < threshold < math.inf:
            raise RecipeError(f"truncation_threshold {threshold} should be a number above 0, such as 0.5.")
        if not isinstance(generator, TruncatableLatents):
            instead = " and truncate its styles by truncation_psi" * isinstance(generator, StyleBased)
            raise RefusedError(
                f"truncation_threshold {threshold:g} needs a generator whose latents can be truncated, which "
                f"'{generator.name}' is not (it lacks the capability TruncatableLatents); leave it out{instead}."
            )

    def _check_move(self, generator: Generator) -> None:
        for name, value in self.moved.items():
            if not math.isfinite(value):
                raise RecipeError(f"{name} {value} is no number; choose one such as 0.1.")
        if self.moved and not isinstance(generator, Transformable):
            raise RefusedError(
                f"rotation and shifts need a generator whose images can be moved, which '{generator.name}' is not (it "
                f"lacks the capability Transformable); leave them out."
            )

    def latents(self, generator: Generator, count: int, rng: torch.Generator) -> Tensor:
        """Draw latents `[count, Z]` by the generator's own rule, truncated where that is asked for."""
        latents = generator.sample_latents(count, rng)
        if self.truncation_threshold is None or not isinstance(generator, TruncatableLatents):
            return latents
        return generator.truncate_latents(latents, self.truncation_threshold, rng)

    def images(self, generator: Generator, latents: Tensor, labels: Tensor) -> Tensor:
        """Return images `[N, C, R, R]` of latents `[N, Z]` and labels `[N, L]`, inside of `applied`."""
        if self.stage is not None:
            self.stage.set(generator)
        if self.truncation_psi == 1.0 or not isinstance(generator, StyleBased):
            return generator(latents, labels)
        styles = generator.map(latents, labels)
        return generator.synthesize(truncated(styles, generator.mean_w(), self.truncation_psi, self.truncation_cutoff))

    @contextmanager
    def applied(self, generator: Generator) -> Iterator[None]:
        """Put the generator into evaluation with the noise asked for; each module gets its own mode back."""
        modes = {module: module.training for module in generator.modules()}
        generator.eval()
        if isinstance(generator, NoiseInputs):
            generator.use_noise(self.noise_mode or "random")
        if isinstance(generator, Transformable):
            generator.use_transform(self.transform())
        try:
            yield
        finally:
            if isinstance(generator, NoiseInputs):
                generator.use_noise("random")
            if isinstance(generator, Transformable):
                generator.use_transform(None)
            for module, mode in modes.items():
                module.training = mode
