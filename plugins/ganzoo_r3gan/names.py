"""Names of the authors' networks, turned into those of this plugin's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ganzoo import CheckpointError

State = Mapping[str, Tensor]
BLOCK = {
    "LinearLayer1.Layer.weight": "widen.weight",
    "NonLinearity1.Bias": "widen.bias",
    "LinearLayer2.Layer.weight": "mix.weight",
    "NonLinearity2.Bias": "mix.bias",
    "LinearLayer3.Layer.weight": "narrow.weight",
}
_FILTER = (1.0, 3.0, 3.0, 1.0)


def generator_weights(state: State) -> dict[str, Tensor]:
    """Return a generator's weights. Raises CheckpointError where a name or a filter is another."""
    return _named(state, _generator_name)


def discriminator_weights(state: State) -> dict[str, Tensor]:
    """Return a discriminator's weights. Raises CheckpointError where a name or a filter is another."""
    found = _named(state, _discriminator_name)
    if "pattern" in found and found["pattern"].ndim == 4:
        found["pattern"] = found["pattern"].flatten(0, 1)  # of a depthwise convolution
    return found


def _named(state: State, name_of: Callable[[str], str | None]) -> dict[str, Tensor]:
    found = {}
    for name, value in state.items():
        if ours := name_of(name):
            found[ours] = value
        else:
            _check_filter(name, value)
    return found


def _generator_name(name: str) -> str | None:
    ends = {"AggregationLayer.Layer.weight": "to_rgb.weight", "EmbeddingLayer.weight": "embedding"}
    ends |= {"MainLayers.0.Layers.0.Basis": "pattern", "MainLayers.0.Layers.0.LinearLayer.weight": "scale"}
    if name in ends:
        return ends[name]
    stage, layer, rest = _parts(name)
    if layer == 0:
        # A transition is the first layer of its stage.
        return f"transitions.{stage - 1}.weight" if stage and rest == "LinearLayer.Layer.weight" else None
    return f"stages.{stage}.{layer - 1}.{BLOCK[rest]}" if rest in BLOCK else None


def _discriminator_name(name: str) -> str | None:
    ends = {"ExtractionLayer.Layer.weight": "from_rgb.weight", "EmbeddingLayer.weight": "embedding"}
    if name in ends:
        return ends[name]
    stage, layer, rest = _parts(name)
    # What follows the blocks of a stage: a transition, or at 4x4 the pattern and the head.
    last = {"LinearLayer.Layer.weight": f"transitions.{stage}.weight", "Basis.weight": "pattern"}
    last["LinearLayer.weight"] = "head"
    last |= {theirs: f"stages.{stage}.{layer}.{ours}" for theirs, ours in BLOCK.items()}
    return last.get(rest)


def _parts(name: str) -> tuple[int, int, str]:
    match = re.fullmatch(r"MainLayers\.(\d)\.Layers\.(\d{1,3})\.(.+)", name)
    if not match:
        raise CheckpointError(f"'{name}' is in no R3GAN that is known here")
    return int(match[1]), int(match[2]), match[3]


def _check_filter(name: str, value: Tensor) -> None:
    """Raise CheckpointError unless it is the filter between two stages."""
    if not name.endswith(".Resampler.Kernel"):
        raise CheckpointError(f"'{name}' is in no R3GAN that is known here")
    square, row = value.detach().float().squeeze(), torch.tensor(_FILTER)
    if square.shape != (4, 4) or not torch.allclose(square / square.sum(), row.outer(row) / 64, atol=1e-4):
        raise CheckpointError(f"its {name} is another filter than [1, 3, 3, 1], which is not known here")
