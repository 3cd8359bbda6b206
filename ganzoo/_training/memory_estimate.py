"""Memory estimate: what a training would take, from real steps of networks on the meta device, in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.sampling_compatibility import check_noise
from ganzoo._recipe.selection import Selection
from ganzoo._registry.blame import fault
from ganzoo._training.dry_run import dry_run
from ganzoo._training.growth import grow
from ganzoo._training.meta_memory import MetaMemory
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.phase import Phase
from ganzoo.errors import GanzooError, RecipeError


@dataclass(frozen=True)
class MemoryEstimate:
    """Sizes of a training.

    Attributes:
        generator_parameters: Numbers that the generator learns.
        discriminator_parameters: Numbers that the discriminator learns.
        phase_bytes: Memory of each phase, the most that a step at its resolution needs: an estimate; empty where a
            part cannot be traced.
        untraced: Why `phase_bytes` is empty.
    """

    generator_parameters: int
    discriminator_parameters: int
    phase_bytes: tuple[int, ...] = ()
    untraced: str = ""

    @property
    def memory_bytes(self) -> int | None:
        """Memory of the training: that of the phase that needs most."""
        return max(self.phase_bytes, default=None)


def estimate_memory(recipe: Recipe) -> MemoryEstimate:
    """Build both networks on the meta device, run each resolution's forward, and trace a step of each resolution.

    The step is the trainer's own: both players, every penalty (lazy ones included), moments and average. Its peak
    is within a factor of 2 of what a process on the CPU really takes. In bfloat16 a training takes less: the trace is
    in float32.

    Raises:
        RecipeError: A network cannot be built or gives another shape than its contract says.
    """
    try:
        counts = _checked(recipe, torch.device("meta"))
    except RecipeError:
        counts = _checked(recipe, torch.device("cpu"))  # a network that reads numbers works only where there are any
    try:
        return MemoryEstimate(*counts, phase_bytes=_traced(recipe))
    except Exception as error:  # a part that looks at numbers cannot run where there are none
        reason = (str(error).strip().splitlines() or [""])[0][:200]
        return MemoryEstimate(*counts, untraced=f"{type(error).__name__}: {reason}")


def heaviest_phase(recipe: Recipe, expected: MemoryEstimate) -> Phase:
    """Return the phase whose steps need most memory; by its pixels where that is not known."""
    sizes = expected.phase_bytes or tuple(phase.batch_size * phase.resolution**2 for phase in recipe.phases)
    return max(zip(sizes, recipe.phases, strict=True), key=lambda pair: pair[0])[1]


def _traced(recipe: Recipe) -> tuple[int, ...]:
    # In float32: the meta device knows no autocast.
    recipe = recipe.model_copy(update={"training": recipe.training.model_copy(update={"precision": "fp32"})})
    found: dict[int, int] = {}
    with MetaMemory() as memory:
        dry = dry_run(recipe, torch.device("meta"))
        for phase in recipe.phases:  # a fade comes before the stable phase of its resolution, which needs a little less
            if phase.resolution not in found:
                memory.restart()
                dry.play(phase)
                found[phase.resolution] = memory.peak
    return tuple(found[phase.resolution] for phase in recipe.phases)


def _checked(recipe: Recipe, device: torch.device) -> tuple[int, int]:
    """Build both networks, check the shapes that they give at each resolution, and count their parameters."""
    spec: ImageSpec = recipe.dataset.cls.spec_of(recipe.dataset.options)
    with torch.device(device):
        generator = _built("generator", recipe.generator, spec)
        discriminator = _built("discriminator", recipe.discriminator, spec)
    check_noise(recipe, generator)
    # The smallest batch is enough for shapes, and quick on a CPU.
    count = min(phase.batch_size for phase in recipe.phases)
    for resolution in sorted({phase.resolution for phase in recipe.phases}):
        grow((generator, discriminator), resolution, 1.0)
        _check_forward(
            recipe, spec, generator, discriminator, torch.zeros(count, spec.label_dim, device=device), resolution
        )
    return _parameters(generator), _parameters(discriminator)


def _built(role: str, selection: Selection, spec: ImageSpec) -> Any:
    try:
        return selection.cls(selection.options, spec)
    except GanzooError:
        raise
    except Exception as error:
        raise RecipeError(f"{role}: '{selection.name}' of {selection.part.origin} cannot be built: {error}") from error


@torch.no_grad()
def _check_forward(
    recipe: Recipe,
    spec: ImageSpec,
    generator: nn.Module,
    discriminator: nn.Module,
    labels: Tensor,
    resolution: int,
) -> None:
    count = len(labels)
    latents = labels.new_zeros(count, _latent_dim(generator))
    images = _run("generator", generator, latents, labels)
    _expect("generator", tuple(images.shape), (count, spec.channels, resolution, resolution))
    logits = _run("discriminator", discriminator, images, labels)
    each = recipe.discriminator.cls.logits_per_image(recipe.discriminator.options, spec)
    _expect("discriminator", tuple(logits.shape), (count,) if each == 1 else (count, each))


def _latent_dim(generator: nn.Module) -> int:
    found = getattr(generator, "latent_dim", None)
    if not isinstance(found, int) or found < 1:
        raise RecipeError(f"generator: its latent_dim should be a positive integer set in __init__, but is {found!r}")
    return found


def _run(role: str, network: nn.Module, inputs: Tensor, labels: Tensor) -> Tensor:
    try:
        result: Tensor = network(inputs, labels)
    except Exception as error:
        raise RecipeError(
            f"{role}: its forward fails for inputs {tuple(inputs.shape)}: {fault(role, type(network), error)}"
        ) from error
    return result


def _expect(role: str, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if found != expected:
        raise RecipeError(f"{role}: gives shape {found} where its contract says {expected}")


def _parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
