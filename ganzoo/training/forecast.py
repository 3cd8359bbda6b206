"""What a training would take, from networks on the meta device: no data, no memory, milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganzoo.contracts import ImageSpec
from ganzoo.errors import GanzooError, RecipeError
from ganzoo.fit import all_regularizers
from ganzoo.recipe import Recipe
from ganzoo.settings import Selection
from ganzoo.training.growth import grow

FLOAT_BYTES = 4
COPIES_OF_GENERATOR = 5  # weights, gradients, two moments, the average
COPIES_OF_DISCRIMINATOR = 4  # weights, gradients, two moments


@dataclass(frozen=True)
class Forecast:
    """Sizes of a training; the memory is an estimate."""

    generator_parameters: int
    discriminator_parameters: int
    memory_bytes: int


def forecast(recipe: Recipe) -> Forecast:
    """Build both networks on the meta device and run each phase's forward.

    Raises:
        RecipeError: A network cannot be built or gives another shape than its contract says.
    """
    spec: ImageSpec = recipe.dataset.cls.spec_of(recipe.dataset.options)
    with torch.device("meta"):
        generator = _built("generator", recipe.generator, spec)
        discriminator = _built("discriminator", recipe.discriminator, spec)
        activations = max(
            _forward(recipe, spec, generator, discriminator, phase.resolution, phase.batch_size)
            for phase in recipe.phases
        )
    counts = _parameters(generator), _parameters(discriminator)
    weights = counts[0] * COPIES_OF_GENERATOR + counts[1] * COPIES_OF_DISCRIMINATOR
    return Forecast(*counts, memory_bytes=(weights + activations) * FLOAT_BYTES)


def _built(role: str, selection: Selection, spec: ImageSpec) -> nn.Module:
    try:
        network: nn.Module = selection.cls(selection.options, spec)
    except GanzooError:
        raise
    except Exception as error:
        raise RecipeError(f"{role}: '{selection.name}' of {selection.part.source} cannot be built: {error}") from error
    return network


def _forward(
    recipe: Recipe, spec: ImageSpec, generator: nn.Module, discriminator: nn.Module, resolution: int, batch: int
) -> int:
    """Check the shapes of one batch and return how many numbers its activations hold."""
    count = min(batch, recipe.training.micro_batch or batch)
    held = _Activations((generator, discriminator))
    grow((generator, discriminator), resolution, 1.0)
    labels = torch.zeros(count, spec.label_dim)
    latents = torch.zeros(count, _latent_dim(generator))
    images = _run("generator", generator, latents, labels)
    _expect("generator", tuple(images.shape), (count, spec.channels, resolution, resolution))
    logits = _run("discriminator", discriminator, images, labels)
    _expect("discriminator", tuple(logits.shape), (count,))
    held.remove()
    double_backward = any(choice.cls.needs_real_gradient for choice in all_regularizers(recipe))
    # Activations and their gradients; reals and fakes both pass the discriminator; a gradient penalty keeps as many.
    return held.numbers * (3 if double_backward else 2)


def _latent_dim(generator: nn.Module) -> int:
    found = getattr(generator, "latent_dim", None)
    if not isinstance(found, int) or found < 1:
        raise RecipeError(f"generator: its latent_dim should be a positive integer set in __init__, but is {found!r}")
    return found


def _run(role: str, network: nn.Module, inputs: Tensor, labels: Tensor) -> Tensor:
    try:
        result: Tensor = network(inputs, labels)
    except Exception as error:
        raise RecipeError(f"{role}: its forward fails for inputs {tuple(inputs.shape)}: {error}") from error
    return result


def _expect(role: str, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if found != expected:
        raise RecipeError(f"{role}: gives shape {found} where its contract says {expected}")


def _parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


class _Activations:
    """Counts the numbers that leaf modules put out."""

    def __init__(self, networks: Iterable[nn.Module]) -> None:
        self.numbers = 0
        leaves = [module for network in networks for module in network.modules() if not list(module.children())]
        self._hooks = [leaf.register_forward_hook(self._count) for leaf in leaves]

    def _count(self, module: nn.Module, inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            self.numbers += output.numel()

    def remove(self) -> None:
        for hook in self._hooks:
            hook.remove()
