"""Names of lucidrains' stylegan2-pytorch, turned into those of this plugin's networks.

Three things are not mere renaming. The mapping network's factors and normalization are another's, and are folded into
its weights. Noise is centered here, so that half of a map's noise weight is moved into its bias. And the package's
hinge loss calls reals low, so the last layer of its discriminator is negated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

from ganzoo import CheckpointError

State = Mapping[str, Tensor]
Change = Callable[[Tensor], Tensor]
Rule = tuple[str, str, Change]
"""A pattern for a whole name, what it becomes, and what becomes of the tensor."""

MAPPING_FACTOR = 0.1  # `lr_mlp` of the package's trainer
# Two digits: no network has more blocks or layers, and a larger number would make a resolution that no memory holds.
_COUNT = r"(\d{1,2})"
_BOTH = r"(weight|bias)"
_FILTER = r".*\.(upsample\.1|downsample\.0)\.f"


def _same(value: Tensor) -> Tensor:
    return value


def _flat(value: Tensor) -> Tensor:
    return value.flatten()


def _attention(name: str) -> tuple[Rule, ...]:
    theirs, ours = rf"{name}\.{_COUNT}", r"attention.\1"
    return (
        (rf"{theirs}\.0\.fn\.norm\.g", f"{ours}.before.scale", _flat),
        (rf"{theirs}\.0\.fn\.norm\.b", f"{ours}.before.shift", _flat),
        (rf"{theirs}\.0\.fn\.fn\.to_q\.weight", f"{ours}.attention.queries.weight", _same),
        (rf"{theirs}\.0\.fn\.fn\.to_kv\.net\.0\.weight", f"{ours}.attention.neighbors.weight", _same),
        (rf"{theirs}\.0\.fn\.fn\.to_kv\.net\.1\.weight", f"{ours}.attention.keys_and_values.weight", _same),
        (rf"{theirs}\.0\.fn\.fn\.to_out\.{_BOTH}", rf"{ours}.attention.out.\2", _same),
        (rf"{theirs}\.1\.fn\.norm\.g", f"{ours}.between.scale", _flat),
        (rf"{theirs}\.1\.fn\.norm\.b", f"{ours}.between.shift", _flat),
        (rf"{theirs}\.1\.fn\.fn\.0\.{_BOTH}", rf"{ours}.widen.\2", _same),
        (rf"{theirs}\.1\.fn\.fn\.2\.{_BOTH}", rf"{ours}.narrow.\2", _same),
    )


def _layer(number: int, ours: str) -> tuple[Rule, ...]:
    block = rf"blocks\.{_COUNT}"
    return (
        (rf"{block}\.to_style{number}\.{_BOTH}", rf"blocks.\1.{ours}.conv.style.\2", _same),
        (rf"{block}\.conv{number}\.weight", rf"blocks.\1.{ours}.conv.weight", _same),
        (rf"{block}\.to_noise{number}\.weight", rf"blocks.\1.{ours}.noise_weight", _flat),
        (rf"{block}\.to_noise{number}\.bias", rf"blocks.\1.{ours}.bias", _same),
    )


_GENERATOR: tuple[Rule, ...] = (
    (r"initial_block", "constant", _same),
    (r"to_initial_block\.weight", "from_style.weight", _same),
    (rf"initial_conv\.{_BOTH}", r"first_conv.\1", _same),
    *_layer(1, "first"),
    *_layer(2, "second"),
    (rf"blocks\.{_COUNT}\.to_rgb\.to_style\.{_BOTH}", r"blocks.\1.to_rgb.style.\2", _same),
    (rf"blocks\.{_COUNT}\.to_rgb\.conv\.weight", r"blocks.\1.to_rgb.weight", _same),
    *_attention("attns"),
)
_DISCRIMINATOR: tuple[Rule, ...] = (
    (rf"blocks\.{_COUNT}\.conv_res\.{_BOTH}", r"blocks.\1.shortcut.\2", _same),
    (rf"blocks\.{_COUNT}\.net\.0\.{_BOTH}", r"blocks.\1.first.\2", _same),
    (rf"blocks\.{_COUNT}\.net\.2\.{_BOTH}", r"blocks.\1.second.\2", _same),
    (rf"blocks\.{_COUNT}\.downsample\.1\.{_BOTH}", r"blocks.\1.down.\2", _same),
    (rf"final_conv\.{_BOTH}", r"conv.\1", _same),
    (rf"to_logit\.{_BOTH}", r"logit.\1", torch.neg),
    *_attention("attn_blocks"),
)


def generator_weights(state: State) -> dict[str, Tensor]:
    """Return a generator's weights but its mapping network's. Raises CheckpointError."""
    _require_version(state)
    found = _translated(state, _GENERATOR)
    for name in [name for name in found if name.endswith(".noise_weight")]:
        bias = name.removesuffix("noise_weight") + "bias"
        if bias in found and found[bias].shape == found[name].shape:
            # Uniform in [0, 1] there, in [-1/2, 1/2] here: w n + b = w (n - 1/2) + (b + w / 2).
            found[bias] = found[bias] + found[name] / 2
    return found


def discriminator_weights(state: State) -> dict[str, Tensor]:
    """Return a discriminator's weights. Raises CheckpointError."""
    return _translated(state, _DISCRIMINATOR)


def mapping_weights(state: State, rate: float) -> dict[str, Tensor]:
    """Return the weights of a mapping network, `net.0.*` and so on, for one whose factor is `rate`.

    There, a latent has length 1 and a layer is W x 0.1; here, it has length sqrt(Z) and a layer is
    W x rate x sqrt(2 / inputs).
    """
    found = {}
    for name, value in state.items():
        match = re.fullmatch(rf"net\.{_COUNT}\.{_BOTH}", name)
        if not match or int(match[1]) % 2:  # activations stand between the layers
            raise CheckpointError(f"'{name}' is in no mapping network of the package's")
        layer, kind = int(match[1]) // 2, match[2]
        if value.ndim != (2 if kind == "weight" else 1) or not value.numel():
            raise CheckpointError(f"'{name}' has an unexpected shape {tuple(value.shape)}")
        factor = MAPPING_FACTOR / rate
        if kind == "weight":
            factor *= math.sqrt(value.shape[1] / 2) / (1 if layer else math.sqrt(value.shape[1]))
        found[f"mapping.layers.{layer}.{kind}"] = value * factor
    return found


def _require_version(state: State) -> None:
    """Raises CheckpointError where names are those of an earlier version, whose networks are others."""
    several = "blocks.1.conv1.weight" in state
    if "initial_conv.weight" not in state:
        raise CheckpointError("it has no initial_conv, which the package's generators have from version 1.0 on")
    if several and "blocks.0.to_rgb.upsample.1.f" not in state:
        raise CheckpointError("its images are not smoothed, as the package's are from version 1.2 on")
    if any(re.fullmatch(r"attns\.\d+\.[01]\.fn\.g", name) for name in state):
        raise CheckpointError("its attention is that of the package before version 1.8, which no part here computes")


def _translated(state: State, rules: Iterable[Rule]) -> dict[str, Tensor]:
    rules, found = tuple(rules), {}
    for name, value in state.items():
        if re.fullmatch(_FILTER, name):
            _require_filter(name, value)
            continue
        for theirs, ours, change in rules:
            if match := re.fullmatch(theirs, name):
                found[match.expand(ours)] = change(value).contiguous()
                break
        else:
            raise CheckpointError(f"'{name}' is in no network of the package's that is known here")
    return found


def _require_filter(name: str, value: Tensor) -> None:
    if value.shape != (3,) or value.tolist() != [1.0, 2.0, 1.0]:
        raise CheckpointError(f"its {name} is another filter than [1, 2, 1], which is not known here")
