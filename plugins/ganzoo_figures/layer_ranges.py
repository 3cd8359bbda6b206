"""Layer ranges: style layers as coarse, middle and fine, by the resolution they act at or by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ganzoo import GanzooError, RefusedError, StyleBased, StyleResolutions

if TYPE_CHECKING:
    from ganzoo.figures import OpenedGenerator

NAMES = ("coarse", "middle", "fine")
_PAPER_FROM = 64  # arXiv:1812.04948, figure 3: coarse is 4 and 8, middle 16 and 32, fine 64 and above


@dataclass(frozen=True)
class LayerRange:
    """Some style layers under a name."""

    name: str
    layers: tuple[int, ...]


def usual_ranges(generator: OpenedGenerator) -> list[LayerRange]:
    """Return coarse, middle and fine: as the paper has them where there are enough resolutions, else in thirds."""
    if not isinstance(generator.generator, StyleResolutions):
        thirds = np.array_split(np.arange(layer_count(generator)), len(NAMES))
        named = zip(NAMES, thirds, strict=True)
        return [LayerRange(f"{name}: {_span(third.tolist())}", tuple(third.tolist())) for name, third in named]
    resolutions = sorted({each for each in generator.generator.style_resolutions() if each <= generator.resolution})
    if resolutions[-1] >= _PAPER_FROM:
        borders = ((0, 8), (9, 32), (33, 1 << 30))
        parts = [[each for each in resolutions if low <= each <= high] for low, high in borders]
    else:
        parts = [part.tolist() for part in np.array_split(np.array(resolutions), len(NAMES))]
    return [_of_resolutions(generator, name, part) for name, part in zip(NAMES, parts, strict=True) if part]


def ranges_by_resolution(generator: OpenedGenerator, spans: Sequence[tuple[int, int]]) -> list[LayerRange]:
    """Return the layers that act at the resolutions of each span, both ends included.

    Raises:
        RefusedError: The generator does not say where its styles act.
        GanzooError: None acts there.
    """
    if not isinstance(generator.generator, StyleResolutions):
        raise RefusedError(
            f"'{generator.generator.name}' does not say at which resolution a style acts (it lacks the capability "
            f"StyleResolutions); choose layers instead"
        )
    known = sorted(set(generator.generator.style_resolutions()))
    found = []
    for low, high in spans:
        resolutions = [resolution for resolution in known if low <= resolution <= high]
        if not resolutions:
            raise GanzooError(f"no style acts at resolutions {low} to {high}; there are {', '.join(map(str, known))}")
        found.append(_of_resolutions(generator, "", resolutions))
    return found


def ranges_by_layer(generator: OpenedGenerator, spans: Sequence[tuple[int, int]]) -> list[LayerRange]:
    """Return the layers of each span of numbers, both ends included.

    Raises:
        GanzooError: There is no such layer.
    """
    count = layer_count(generator)
    for low, high in spans:
        if not 0 <= low <= high < count:
            raise GanzooError(f"layers {low}-{high}: this generator has style layers 0 to {count - 1}")
    return [LayerRange(_span(range(low, high + 1)), tuple(range(low, high + 1))) for low, high in spans]


def layer_count(generator: OpenedGenerator) -> int:
    """Return how many style layers a generator has."""
    assert isinstance(generator.generator, StyleBased)
    return generator.styles([0]).shape[1]


def _of_resolutions(generator: OpenedGenerator, name: str, resolutions: Sequence[int]) -> LayerRange:
    assert isinstance(generator.generator, StyleResolutions)
    layers = tuple(
        layer for layer, resolution in enumerate(generator.generator.style_resolutions()) if resolution in resolutions
    )
    span = f"{resolutions[0]}" if len(resolutions) == 1 else f"{resolutions[0]}-{resolutions[-1]}"
    return LayerRange(f"{name} {span}".strip(), layers)


def _span(layers: Sequence[int]) -> str:
    if not len(layers):
        return "no layer"
    return f"layer {layers[0]}" if len(layers) == 1 else f"layers {layers[0]}-{layers[-1]}"
