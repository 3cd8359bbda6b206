"""Ranges of style layers: coarse, middle and fine, by the side of the maps they act on or by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.capabilities import StyleBased, StyleResolutions
from ganzoo.errors import GanzooError

NAMES = ("coarse", "middle", "fine")
_PAPER_FROM = 64  # arXiv:1812.04948, figure 3: coarse is 4 and 8, middle 16 and 32, fine 64 and above


@dataclass(frozen=True)
class LayerRange:
    """Some style layers under a name."""

    name: str
    layers: tuple[int, ...]


def usual_ranges(subject: OpenedGenerator) -> list[LayerRange]:
    """Return coarse, middle and fine: the paper's sides where there are enough, else thirds of what there is."""
    if not isinstance(subject.generator, StyleResolutions):
        thirds = np.array_split(np.arange(layer_count(subject)), len(NAMES))
        named = zip(NAMES, thirds, strict=True)
        return [LayerRange(f"{name}: {_span(third.tolist())}", tuple(third.tolist())) for name, third in named]
    sides = sorted({side for side in subject.generator.style_resolutions() if side <= subject.resolution})
    if sides[-1] >= _PAPER_FROM:
        parts = [[side for side in sides if low <= side <= high] for low, high in ((0, 8), (9, 32), (33, 1 << 30))]
    else:
        parts = [part.tolist() for part in np.array_split(np.array(sides), len(NAMES))]
    return [_of_sides(subject, name, part) for name, part in zip(NAMES, parts, strict=True) if part]


def ranges_by_side(subject: OpenedGenerator, spans: Sequence[tuple[int, int]]) -> list[LayerRange]:
    """Return the layers that act at the sides of each span, both ends included.

    Raises:
        GanzooError: The generator does not say where its styles act, or none acts there.
    """
    if not isinstance(subject.generator, StyleResolutions):
        raise GanzooError(
            f"'{subject.generator.name}' does not say at which resolution a style acts (it lacks the "
            f"capability StyleResolutions); "
            f"choose layers instead"
        )
    known = sorted(set(subject.generator.style_resolutions()))
    found = []
    for low, high in spans:
        sides = [side for side in known if low <= side <= high]
        if not sides:
            raise GanzooError(f"no style acts at sides {low} to {high}; there are {', '.join(map(str, known))}")
        found.append(_of_sides(subject, "", sides))
    return found


def ranges_by_layer(subject: OpenedGenerator, spans: Sequence[tuple[int, int]]) -> list[LayerRange]:
    """Return the layers of each span of numbers, both ends included.

    Raises:
        GanzooError: There is no such layer.
    """
    count = layer_count(subject)
    for low, high in spans:
        if not 0 <= low <= high < count:
            raise GanzooError(f"layers {low}-{high}: this generator has style layers 0 to {count - 1}")
    return [LayerRange(_span(range(low, high + 1)), tuple(range(low, high + 1))) for low, high in spans]


def layer_count(subject: OpenedGenerator) -> int:
    """Return how many style layers a generator has."""
    assert isinstance(subject.generator, StyleBased)
    return subject.styles([0]).shape[1]


def _of_sides(subject: OpenedGenerator, name: str, sides: Sequence[int]) -> LayerRange:
    assert isinstance(subject.generator, StyleResolutions)
    layers = tuple(layer for layer, side in enumerate(subject.generator.style_resolutions()) if side in sides)
    span = f"{sides[0]}" if len(sides) == 1 else f"{sides[0]}-{sides[-1]}"
    return LayerRange(f"{name} {span}".strip(), layers)


def _span(layers: Sequence[int]) -> str:
    if not len(layers):
        return "no layer"
    return f"layer {layers[0]}" if len(layers) == 1 else f"layers {layers[0]}-{layers[-1]}"
