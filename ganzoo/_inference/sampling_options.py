"""How a finished network is used: truncation, noise, and where a growing one stands."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

from ganzoo.contracts.capabilities import Growable, NoiseInputs, NoiseMode, StyleBased
from ganzoo.contracts.networks import Generator
from ganzoo.errors import GanzooError, RecipeError
from ganzoo.layers.style import truncated


@dataclass(frozen=True)
class GrowthStage:
    """Where a growing network stands: its resolution, and how far its newest block has faded in."""

    resolution: int
    alpha: float = 1.0

    def set(self, network: nn.Module) -> None:
        """Bring a network that can grow to this stage.

        Raises:
            GanzooError: It cannot work at that resolution.
        """
        if not isinstance(network, Growable):
            return
        try:
            network.grow(self.resolution, self.alpha)
        except (ValueError, LookupError, RuntimeError) as error:
            name = getattr(network, "name", type(network).__name__)
            raise GanzooError(f"'{name}' cannot work at {self.resolution} pixels: {error}") from error


@dataclass(frozen=True)
class SamplingOptions:
    """What is asked of a generator beside latents and labels.

    Attributes:
        truncation: Psi, the pull of styles towards their mean: 1 none, 0 all the way, below 0 to the other side
            (arXiv:1812.04948, appendix B).
        cutoff: How many of the first style layers are truncated; None: all.
        noise: The noise inside the generator; None: `random` if it has any.
        stage: Where a growing generator is to stand; None: where it stands.
    """

    truncation: float = 1.0
    cutoff: int | None = None
    noise: NoiseMode | None = None
    stage: GrowthStage | None = None

    def check(self, generator: Generator) -> None:
        """Raise RecipeError, naming the capability, if the generator cannot be used like this."""
        if not math.isfinite(self.truncation):
            raise RecipeError(f"truncation {self.truncation} is no number; choose one such as 0.7.")
        if self.truncation != 1.0 and not isinstance(generator, StyleBased):
            raise RecipeError(
                f"truncation {self.truncation:g} needs a generator with styles, which '{generator.name}' is not "
                f"(it lacks the capability StyleBased); set it to 1."
            )
        if self.noise is not None and not isinstance(generator, NoiseInputs):
            raise RecipeError(
                f"noise '{self.noise}' needs a generator with noise inputs, which '{generator.name}' is not "
                f"(it lacks the capability NoiseInputs); leave it out."
            )

    def images(self, generator: Generator, latents: Tensor, labels: Tensor) -> Tensor:
        """Return images `[N, C, R, R]` of latents `[N, Z]` and labels `[N, L]`, inside of `applied`."""
        if self.stage is not None:
            self.stage.set(generator)
        if self.truncation == 1.0 or not isinstance(generator, StyleBased):
            return generator(latents, labels)
        styles = generator.map(latents, labels)
        return generator.synthesize(truncated(styles, generator.mean_w(), self.truncation, self.cutoff))

    @contextmanager
    def applied(self, generator: Generator) -> Iterator[None]:
        """Put the generator into evaluation with the noise asked for; each module gets its own mode back."""
        modes = {module: module.training for module in generator.modules()}
        generator.eval()
        if isinstance(generator, NoiseInputs):
            generator.use_noise(self.noise or "random")
        try:
            yield
        finally:
            if isinstance(generator, NoiseInputs):
                generator.use_noise("random")
            for module, mode in modes.items():
                module.training = mode
