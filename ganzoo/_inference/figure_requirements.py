"""Figure requirements: whether a figure can be drawn of a run, by capabilities and by what its folder holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ganzoo._registry.figures import FigureCatalog
from ganzoo.contracts._adds_noise import adds_noise
from ganzoo.contracts.capabilities import (
    Growable,
    NoiseInputs,
    NoiseMaps,
    SkipOutputs,
    StyleAffines,
    StyleBased,
    Transformable,
)
from ganzoo.contracts.figures import CheckpointsFigure, Figure, RunsFigure
from ganzoo.contracts.truncatable_latents import TruncatableLatents
from ganzoo.errors import RefusedError

if TYPE_CHECKING:
    from ganzoo._inference.opened_generator import OpenedGenerator

_MEANING: Mapping[type, str] = {
    StyleBased: "has styles",
    NoiseInputs: "has noise inputs",
    Growable: "grows",
    NoiseMaps: "names its noise maps",
    StyleAffines: "shows the weights of its styles",
    SkipOutputs: "sums up images of several resolutions",
    Transformable: "can be moved",
    TruncatableLatents: "has latents that can be truncated",
}


def possible_figures(generator: OpenedGenerator) -> list[str]:
    """Return the names of the installed figures that can be drawn; an imported run has no dataset and no curves."""
    return [figure.name for figure in FigureCatalog.discover().loadable() if _is_possible(figure, generator)]


def check_figure_requirements(generator: OpenedGenerator, figure: Figure) -> None:
    """Raise RefusedError unless generator and run have what a figure needs, before any work."""
    if figure.needs:
        require(generator, figure.name, *figure.needs)
    if figure.needs_dataset and generator.run.was_imported:
        raise no_dataset(generator)


def require(generator: OpenedGenerator, what: str, *capabilities: type) -> None:
    """Raise RefusedError unless the network has one of these capabilities.

    It names what is missing, and the figures that can be drawn instead.

    Args:
        generator: The generator.
        what: The figure, or what it was asked to show.
        *capabilities: Protocols, any of which is enough.
    """
    network = generator.generator
    if any(_offers(network, each) for each in capabilities):
        return
    meaning = " or ".join(_MEANING.get(each, f"is {each.__name__}") for each in capabilities)
    lacking = " or ".join(each.__name__ for each in capabilities)
    raise RefusedError(
        f"'{what}' needs a generator that {meaning}, which '{network.name}' does not (it lacks the capability "
        f"{lacking}). {_alternatives(generator)}"
    )


def no_dataset(generator: OpenedGenerator) -> RefusedError:
    """Return what to raise where an imported run is asked for real images."""
    return RefusedError(
        f"{generator.run.path} was imported and names no dataset, so it has no real images to show. "
        f"{_alternatives(generator)}"
    )


def _alternatives(generator: OpenedGenerator) -> str:
    return f"It can make: {', '.join(possible_figures(generator))}"


def _offers(network: object, capability: type) -> bool:
    """Whether a network has a capability, and something to show by it: noise may be at no resolution, or in no maps."""
    if capability is NoiseInputs:
        return adds_noise(network)
    if capability is NoiseMaps:
        return isinstance(network, NoiseMaps) and bool(network.noise_maps())
    return isinstance(network, capability)


def _is_possible(figure: type[Figure], generator: OpenedGenerator) -> bool:
    """Whether a generator has what a figure needs, and its run's folder holds what it shows."""
    if figure.needs and not any(_offers(generator.generator, each) for each in figure.needs):
        return False
    if issubclass(figure, RunsFigure):
        return generator.run.directory.metrics.exists()
    if issubclass(figure, CheckpointsFigure):
        return len(generator.run.checkpoints(snapshots=generator.weights == "ema")) > 1
    return not (figure.needs_dataset and generator.run.was_imported)
