"""Importer of R3GAN's own snapshots."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ganzoo import CheckpointError, ForeignCheckpoint, ForeignNetwork, ImageSpec, Importer
from ganzoo.interchange import Record, module_state, state_dicts, submodules
from ganzoo.layers import LOWEST_RESOLUTION
from ganzoo_r3gan.discriminator import R3GANDiscriminator
from ganzoo_r3gan.example import snapshot
from ganzoo_r3gan.generator import R3GANGenerator
from ganzoo_r3gan.names import discriminator_weights, generator_weights
from ganzoo_r3gan.shape import R3GANOptions

State = Mapping[str, Tensor]
_NETWORKS = ("G_ema", "G", "D")
_MOST_STAGES = 9  # of 1024 pixels


class R3GANSnapshots(Importer):
    """Snapshots `network-snapshot-N.pkl` of the authors' code: `G_ema`, `G` and `D` as modules, or as state dicts.

    Paper: arXiv:2501.05441; https://github.com/brownvc/R3GAN.
    """

    name = "r3gan"

    @classmethod
    def example_content(cls) -> Any:
        return snapshot()

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        return any(_is_generator(state) for state in _states(content).values())

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        states = _states(content)
        if not _is_generator(states.get("G_ema", {})):
            raise CheckpointError("it has no EMA generator (G_ema)")
        ema, images = _generator(states["G_ema"])
        generator = _generator(states["G"])[0] if "G" in states else None
        discriminator, seen = _discriminator(states["D"]) if "D" in states else (None, images)
        if seen != images:
            raise CheckpointError("its networks are of different resolutions, channels or classes")
        return ForeignCheckpoint(images, ema, generator, discriminator)

    @classmethod
    def refusal(cls, content: Any) -> str | None:
        networks = [value for key in _NETWORKS if isinstance(value := _given(content, key), Record)]
        try:
            inside = [each for network in networks for each in submodules(network).values()]
        except CheckpointError:
            return None
        if any(each.module.startswith("R3GAN") for each in inside):
            return "an R3GAN (arXiv:2501.05441) with other layers than the paper's, which no part here computes"
        return None


def _given(content: Any, key: str) -> Any:
    return content.get(key) if isinstance(content, dict) else None


def _states(content: Any) -> dict[str, State]:
    """Return the networks of a file by their keys; nothing where it is another file."""
    found: dict[str, State] = {}
    plain = state_dicts(content)
    for key in _NETWORKS:
        network = _given(content, key)
        try:
            state = module_state(network) if isinstance(network, Record) else plain.get(key, {})
        except (CheckpointError, RecursionError):
            continue
        if state:
            found[key] = {name.removeprefix("Model."): value for name, value in state.items()}
    return found


def _is_generator(state: State) -> bool:
    return {"MainLayers.0.Layers.0.Basis", "AggregationLayer.Layer.weight"} <= state.keys()


def _generator(state: State) -> tuple[ForeignNetwork, ImageSpec]:
    weights = generator_weights(state)
    shape, stages = _shape(weights, first_is_coarsest=True)
    embedding, latents = weights.get("embedding"), _size(weights, "scale", 1)
    embedded = 0 if embedding is None else _size(weights, "embedding", 0)
    options = R3GANGenerator.Options(
        latent_dim=latents - embedded, **shape, **({"label_embedding": embedded} if embedded else {})
    )
    return ForeignNetwork(R3GANGenerator, options, weights), _images(
        weights, stages, _size(weights, "to_rgb.weight", 0)
    )


def _discriminator(state: State) -> tuple[ForeignNetwork, ImageSpec]:
    weights = discriminator_weights(state)
    shape, stages = _shape(weights, first_is_coarsest=False)
    if "embedding" in weights and (embedded := _size(weights, "embedding", 0)) != _size(weights, "pattern", 0):
        shape["label_embedding"] = embedded
    options = R3GANDiscriminator.Options(**shape)
    images = _images(weights, stages, _size(weights, "from_rgb.weight", 1))
    return ForeignNetwork(R3GANDiscriminator, options, weights), images


def _shape(weights: State, *, first_is_coarsest: bool) -> tuple[dict[str, Any], int]:
    """Return the options of a network's shape, from 4x4 up, and how many stages it has."""
    counts = dict[int, int]()
    for name in weights:
        if match := re.fullmatch(r"stages\.(\d)\.(\d+)\.widen\.weight", name):
            counts[int(match[1])] = counts.get(int(match[1]), 0) + 1
    if not 2 <= len(counts) <= _MOST_STAGES or set(counts) != set(range(len(counts))):
        raise CheckpointError(f"it has {len(counts)} stages, and networks from 8 to 1024 pixels have 2 to 9")
    order = sorted(counts) if first_is_coarsest else sorted(counts, reverse=True)
    channels = tuple(_size(weights, f"stages.{stage}.0.widen.weight", 1) for stage in order)
    inside = tuple(_size(weights, f"stages.{stage}.0.widen.weight", 0) for stage in order)
    group_sizes = tuple(_size(weights, f"stages.{stage}.0.mix.weight", 1) for stage in order)
    expansions = {inner / max(width, 1) for inner, width in zip(inside, channels, strict=True)}
    if len(expansions) != 1 or not (expansion := expansions.pop()).is_integer():
        raise CheckpointError("its stages widen by different factors, which is not known here")
    blocks = tuple(counts[stage] for stage in order)
    shape = {
        "channels": channels,
        "blocks": blocks[:1] if len(set(blocks)) == 1 else blocks,
        "expansion": int(expansion),
    }
    usual = R3GANOptions.model_fields["group_channels"].default
    if group_sizes != tuple(min(inner, usual) for inner in inside):
        shape["cardinality"] = tuple(inner // max(size, 1) for inner, size in zip(inside, group_sizes, strict=True))
    return shape, len(counts)


def _images(weights: State, stages: int, channels: int) -> ImageSpec:
    label_dim = _size(weights, "embedding", 1) if "embedding" in weights else 0
    return ImageSpec(LOWEST_RESOLUTION << (stages - 1), channels, label_dim)


def _size(weights: State, name: str, axis: int) -> int:
    value = weights.get(name)
    if value is None or not axis < value.ndim <= 4 or not value.numel():
        raise CheckpointError(f"its {name} (as named here) is missing or damaged")
    return int(value.shape[axis])
