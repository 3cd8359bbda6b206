"""Which figures can be made of a run: judged by its generator's capabilities, and by what its folder holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ganzoo.contracts.capabilities import Growable, NoiseInputs, NoiseMaps, SkipOutputs, StyleAffines, StyleBased
from ganzoo.errors import RefusedError

if TYPE_CHECKING:
    from ganzoo._inference.opened_generator import OpenedGenerator

# What each figure needs of the generator; any of the capabilities is enough.
NEEDS: Mapping[str, tuple[type, ...]] = {
    "grid": (),
    "truncation": (StyleBased,),
    "mix": (StyleBased,),
    "noise": (NoiseInputs,),
    "resolutions": (Growable, SkipOutputs),
    "interpolate": (),
    "timelapse": (),
    "project": (StyleBased,),
    "neighbors": (),
    "pca": (StyleBased,),
    "curves": (),
    "spectrum": (),
}
_MEANING: Mapping[type, str] = {
    StyleBased: "has styles",
    NoiseInputs: "has noise inputs",
    Growable: "grows",
    NoiseMaps: "names its noise maps",
    StyleAffines: "shows the weights of its styles",
    SkipOutputs: "sums up images of several resolutions",
}


def possible(subject: OpenedGenerator) -> list[str]:
    """Return the names of the figures that can be made; an imported run has no data and no curves."""
    return [
        name
        for name, needs in NEEDS.items()
        if (not needs or isinstance(subject.generator, needs)) and _is_there(subject, name)
    ]


def require(subject: OpenedGenerator, figure: str, *capabilities: type) -> None:
    """Raise RefusedError, naming what is missing and what can be made, unless the generator has one of them."""
    wanted, generator = capabilities or NEEDS[figure], subject.generator
    if isinstance(generator, wanted):
        return
    meaning = " or ".join(_MEANING[each] for each in wanted)
    lacking = " or ".join(each.__name__ for each in wanted)
    raise RefusedError(
        f"'{figure}' needs a generator that {meaning}, which '{generator.name}' does not (it lacks the capability "
        f"{lacking}). It can make: {', '.join(possible(subject))}"
    )


def _is_there(subject: OpenedGenerator, figure: str) -> bool:
    """Whether the run's folder holds what a figure shows beside the generator."""
    from ganzoo.figures.checkpoints import kept_ages

    match figure:
        case "neighbors" | "spectrum":
            return subject.directory.recipe.exists()
        case "curves":
            return subject.directory.metrics.exists()
        case "timelapse":
            return len(kept_ages(subject)) > 1
    return True
