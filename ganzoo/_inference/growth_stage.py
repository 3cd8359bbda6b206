"""DOC."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import nn

from ganzoo._inference.load import Kind, load_generator, recipe_of
from ganzoo._inference.sampling_options import GrowthStage
from ganzoo._recipe.network_spec import Networks
from ganzoo._runs.directory import RunDirectory
from ganzoo.contracts.capabilities import Growable
from ganzoo.contracts.networks import Generator
from ganzoo.errors import GanzooError

_SMALLEST_SIDE = 4


@dataclass(frozen=True)
class CheckpointRequest:
    """Which network of a run is used, where it stands, and on what it is computed.

    Attributes:
        at: Age in images seen; None: the newest.
        resolution: Resolution to show of a growing network; None: where its training stood at that age.
        alpha: Weight of the newest block; None: fully in where a resolution is asked for, else as in training.
        device: Name of the device.
    """

    at: int | None = None
    resolution: int | None = None
    alpha: float | None = None
    device: str = "auto"


def stage_of(
    network: nn.Module, directory: RunDirectory, age: int, networks: Networks, place: CheckpointRequest
) -> GrowthStage | None:
    """Return where a network is to stand: where it was asked to, else where its training stood at that age.

    Raises:
        GanzooError: A stage is asked of a network that does not grow, or one that it does not grow through.
    """
    if not isinstance(network, Growable):
        for option, value in (("--resolution", place.resolution), ("--alpha", place.alpha)):
            if value is not None:
                raise GanzooError(
                    f"{option} needs a growing network, which '{getattr(network, 'name', '')}' is not (it lacks the "
                    f"capability Growable); leave it out"
                )
        return None
    stood = stage_in_training(directory, age, networks)
    if place.resolution is None:
        return replace(stood, alpha=stood.alpha if place.alpha is None else place.alpha)
    final = networks.images.resolution
    sides = [final >> halvings for halvings in range(final.bit_length()) if final >> halvings >= _SMALLEST_SIDE]
    if place.resolution not in sides:
        known = ", ".join(str(side) for side in reversed(sides))
        raise GanzooError(f"--resolution {place.resolution}: this network grows through {known}; choose one of them")
    return GrowthStage(place.resolution, 1.0 if place.alpha is None else place.alpha)


def stage_in_training(directory: RunDirectory, age: int, networks: Networks) -> GrowthStage:
    """Return where a network stood at an age: after the last step of a phase, still in it."""
    if directory.networks.exists():
        return GrowthStage(networks.resolution, networks.alpha)
    phases = recipe_of(directory).phases
    phase = next((phase for phase in phases if age <= phase.end), phases[-1])
    return GrowthStage(phase.resolution, phase.alpha(age))


def loaded(
    directory: RunDirectory, networks: Networks, age: int, weights: Kind, place: CheckpointRequest, device: torch.device
) -> tuple[Generator, GrowthStage | None]:
    """Return a run's generator at an age on a device, and where it is to stand."""
    generator = load_generator(directory, age, networks, weights).to(device)
    return generator, stage_of(generator, directory, age, networks, place)
