"""Which figures a generator can make, judged by its capabilities alone."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo.capabilities import NoiseMaps, SkipOutputs, StyleAffines
from ganzoo.contracts import Generator, Growable, NoiseInputs, StyleBased
from ganzoo.errors import RefusedError

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
    "neighbours": (),
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


def possible(generator: Generator) -> list[str]:
    """Return the names of the figures that a generator can make."""
    return [name for name, needs in NEEDS.items() if not needs or isinstance(generator, needs)]


def require(generator: Generator, figure: str, *capabilities: type) -> None:
    """Raise RefusedError, naming what is missing and what can be made, unless the generator has one of them."""
    if isinstance(generator, capabilities or NEEDS[figure]):
        return
    wanted = capabilities or NEEDS[figure]
    meaning = " or ".join(_MEANING[each] for each in wanted)
    lacking = " or ".join(each.__name__ for each in wanted)
    raise RefusedError(
        f"'{figure}' needs a generator that {meaning}, which '{generator.name}' does not (it lacks the capability "
        f"{lacking}). It can make: {', '.join(possible(generator))}"
    )
