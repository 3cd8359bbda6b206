"""Official networks as this plugin's parts: every size is read from shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganzoo import CheckpointError, ForeignNetwork, ImageSpec
from ganzoo.layers import base_and_max
from ganzoo_stylegan2.discriminator import StyleGAN2Discriminator
from ganzoo_stylegan2.generator import StyleGAN2Generator
from ganzoo_stylegan2.importers import official_discriminator_weights, official_generator_weights

State = Mapping[str, Tensor]
OFFICIAL_FILTER = torch.tensor([1.0, 3.0, 3.0, 1.0])
LR_MULTIPLIER = 0.01


@dataclass(frozen=True)
class Facts:
    """What shapes do not show.

    Attributes:
        clamp: Bound on what convolutions give, or None.
        lr_multiplier: Of the mapping network.
        w_avg_beta: Share that the tracked mean style keeps at each batch.
        group: Images per group of the minibatch deviation; 0 without one, None for the whole batch.
        joint_labels: Whether labels enter as in the first StyleGAN2 code.
    """

    clamp: float | None = None
    lr_multiplier: float = LR_MULTIPLIER
    w_avg_beta: float = 0.995
    group: int | None = 4
    joint_labels: bool = False


def tracking(value: object) -> float:
    """Return a file's `w_avg_beta`, and the official one where the file's would never track the mean style."""
    return float(value) if isinstance(value, int | float) and 0 <= value < 1 else Facts.w_avg_beta


def generator_of(state: State, facts: Facts) -> tuple[ForeignNetwork, ImageSpec]:
    """Return a generator and what it makes from its official state (`mapping.fc0.weight`, ...).

    Raises:
        CheckpointError: Something is missing or unlike every StyleGAN2.
    """
    _check_filters(state)
    widths = {
        at: _size(state, f"synthesis.b{at}.conv1.weight", 0) for at in _resolutions(state, r"synthesis\.b(\d+)\..+")
    }
    # Some networks were built without noise (`use_noise = False`).
    state = _with_noise(dict(state))
    resolution = max(widths)
    base, highest = _widths(widths)
    layers = _count(state, r"mapping\.fc(\d+)\.weight")
    embedding = state.get("mapping.embed.weight")
    label_dim = 0 if embedding is None else int(embedding.shape[0 if facts.joint_labels else 1])
    # The first layer sees the latents, and behind them the labels as they are embedded.
    inputs = _size(state, "mapping.fc0.weight", 1)
    embedded = 0 if embedding is None else int(embedding.shape[1 if facts.joint_labels else 0])
    hidden, style_dim = (_size(state, f"mapping.fc{layer}.weight", 0) for layer in (0, max(layers - 1, 0)))
    options = {
        "latent_dim": inputs - embedded,
        "style_dim": style_dim,
        "mapping_layers": layers,
        # What equals a default is left to it, so that imported recipes stay short.
        "mapping_width": hidden if layers > 1 and hidden != style_dim else None,
        "label_width": embedded if label_dim and not facts.joint_labels and embedded != style_dim else None,
        "labels": "joint" if facts.joint_labels else "separate",
        "mapping_lr_multiplier": facts.lr_multiplier,
        "channel_base": base,
        "channel_max": highest,
        "w_avg_beta": facts.w_avg_beta,
        "clamp": facts.clamp,
        "architecture": _path(state, "synthesis.b4.torgb.weight", "synthesis.b8.skip.weight"),
    }
    images = ImageSpec(resolution, _size(state, f"synthesis.b{resolution}.torgb.weight", 0), label_dim)
    weights = _renamed(official_generator_weights, state)
    return ForeignNetwork(StyleGAN2Generator, StyleGAN2Generator.Options(**_given(options)), weights), images


def discriminator_of(state: State, facts: Facts, label_dim: int) -> ForeignNetwork:
    """Return a discriminator from its official state (`b32.fromrgb.weight`, ...).

    Raises:
        CheckpointError: Something is missing or unlike every StyleGAN2.
    """
    state = dict(state)
    _check_filters(state)
    widths = {at: _size(state, f"b{at}.conv0.weight", 0) for at in _resolutions(state, r"b(\d+)\.conv0\.weight")}
    widths[4] = _size(state, "b4.conv.weight", 0)
    resolution = max(widths)
    base, highest = _widths(widths)
    layers = _count(state, r"mapping\.fc(\d+)\.weight")
    # The last convolution sees the features and the maps of the deviation behind them.
    maps = _size(state, "b4.conv.weight", 1) - widths[4]
    if maps < 0 or (maps and widths[4] % maps):
        raise CheckpointError(f"its discriminator has {maps} maps of minibatch deviation for {widths[4]} channels")
    projected = "mapping.embed.weight" in state
    dense = _size(state, "b4.fc.weight", 0)
    # None is the whole batch there; no batch is larger than this.
    group = facts.group if facts.group is not None else 2**16
    options: dict[str, Any] = {
        "channel_base": base,
        "channel_max": highest,
        "architecture": _path(state, "b4.fromrgb.weight", f"b{resolution}.skip.weight"),
        "minibatch_std_group": group if maps else 0,
        "minibatch_std_maps": maps or None,
        "dense_width": dense if dense != widths[4] else None,
        "clamp": facts.clamp,
        "labels": "projection" if projected else "output" if label_dim else None,
        "mapping_layers": layers if projected else None,
        "mapping_dim": _size(state, "b4.out.weight", 0) if projected else None,
    }
    for name in [name for name in state if re.fullmatch(r"mapping\.fc\d+\.(weight|bias)", name)]:
        state[name] = state[name] * (facts.lr_multiplier / LR_MULTIPLIER)  # the part's own is fixed
    weights = _renamed(official_discriminator_weights, state)
    return ForeignNetwork(StyleGAN2Discriminator, StyleGAN2Discriminator.Options(**_given(options)), weights)


def _with_noise(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give all layers of a network without noise one of strength 0; raise CheckpointError where some layers have it."""
    layers = [
        name.removesuffix(".weight") for name in state if re.fullmatch(r"synthesis\.b\d+\.conv[01]\.weight", name)
    ]
    lacking = [layer for layer in layers if f"{layer}.noise_strength" not in state]
    if lacking and len(lacking) < len(layers):
        raise CheckpointError(f"{lacking[0]}.noise_strength is missing, and other layers have theirs")
    for layer in layers:
        resolution = int(layer.split(".")[1].removeprefix("b"))
        state.setdefault(f"{layer}.noise_strength", torch.zeros(()))
        state.setdefault(f"{layer}.noise_const", torch.zeros(resolution, resolution))
    return state


def _check_filters(state: State) -> None:
    expected = OFFICIAL_FILTER.outer(OFFICIAL_FILTER) / OFFICIAL_FILTER.sum().square()
    for name, value in state.items():
        if name.endswith("resample_filter") and not (
            value.shape == expected.shape and torch.allclose(value.float(), expected)
        ):
            raise CheckpointError(f"its {name} is another filter than [1, 3, 3, 1], which is not known here")


def _size(state: State, name: str, axis: int) -> int:
    if name not in state or state[name].ndim <= axis:
        raise CheckpointError(f"'{name}' is missing or damaged")
    return int(state[name].shape[axis])


def _resolutions(state: State, pattern: str) -> list[int]:
    found = {int(match.group(1)) for name in state if (match := re.fullmatch(pattern, name))}
    expected = [4 << step for step in range(len(found | {4}))]
    if not found or sorted(found | {4}) != expected or len(expected) > 9:
        raise CheckpointError("its resolutions are no row of powers of two from 4")
    return sorted(found)


def _count(state: State, pattern: str) -> int:
    found = {int(match.group(1)) for name in state if (match := re.fullmatch(pattern, name))}
    if found != set(range(len(found))):
        raise CheckpointError("layers of its mapping network are missing")
    return len(found)


def _widths(widths: Mapping[int, int]) -> tuple[int, int]:
    found = base_and_max(widths)
    if found is None:
        shown = ", ".join(f"{channels} at {at}" for at, channels in sorted(widths.items()))
        raise CheckpointError(f"its channels ({shown}) follow no rule that is known here")
    return found


def _path(state: State, skip: str, residual: str) -> str:
    if residual in state:
        return "resnet"
    return "skip" if skip in state else "orig"


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _renamed(rename: Any, state: State) -> dict[str, Tensor]:
    try:
        weights: dict[str, Tensor] = rename(state)
    except KeyError as error:
        raise CheckpointError(f"{error} is in no StyleGAN2 that is known here") from None
    return weights
