"""Weights of other people's StyleGANs under this plugin's names.

Two things are not mere renaming. Where their code doubles the resolution by one transposed convolution (outputs of
128 and more), it does not flip the kernel, so it computes the doubling with the kernel turned by 180 degrees; here
one kernel means the same at every size, and theirs is turned. And where their gains differ, they are folded into the
weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

_FUSED_FROM = 128  # where their layers begin to double or halve in one convolution, as the official code does
Weights = dict[str, Tensor]


def huangzh13_generator_weights(state: Mapping[str, Tensor]) -> Weights:
    """Rename a generator of huangzh13's StyleGAN.pytorch (`g_mapping.*`, `g_synthesis.*`, `truncation.*`).

    The network is that of `norm_epsilon = 1e-5`. Constant noise, which that code does not have, is left out.
    """
    weights: Weights = {"w_avg": state["truncation.avg_latent"]}
    if "class_embedding.weight" in state:
        weights["mapping.embedding.weight"] = state["class_embedding.weight"]
    for index in range(_count(state, "g_mapping.map.dense{}.weight")):
        _copy(weights, f"mapping.layers.{index}", state, f"g_mapping.map.dense{index}")
    weights["start.constant"] = state["g_synthesis.init_block.const"]
    weights["blocks.4.first.bias"] = state["g_synthesis.init_block.bias"]
    _huangzh13_layer(weights, "blocks.4.first", state, "g_synthesis.init_block.epi1")
    _huangzh13_layer(weights, "blocks.4.second", state, "g_synthesis.init_block.epi2", "g_synthesis.init_block.conv")
    for index in range(_count(state, "g_synthesis.blocks.{}.conv1.weight")):
        resolution, theirs = 8 << index, f"g_synthesis.blocks.{index}"
        _huangzh13_layer(weights, f"blocks.{resolution}.first", state, f"{theirs}.epi1", f"{theirs}.conv0_up")
        _huangzh13_layer(weights, f"blocks.{resolution}.second", state, f"{theirs}.epi2", f"{theirs}.conv1")
        _turn(weights, resolution)
    for index in range(_count(state, "g_synthesis.to_rgb.{}.weight")):
        _copy(weights, f"to_rgb.{4 << index}", state, f"g_synthesis.to_rgb.{index}")
    return weights


def huangzh13_discriminator_weights(state: Mapping[str, Tensor]) -> Weights:
    """Rename an unconditional discriminator of huangzh13's StyleGAN.pytorch (`blocks.*`, `final_block.*`).

    The network is that of `from_rgb_activation = "none"`.
    """
    weights: Weights = {}
    readers = _count(state, "from_rgb.{}.weight")
    for index in range(readers):
        _copy(weights, f"body.from_rgb.{4 << (readers - 1 - index)}", state, f"from_rgb.{index}")
    for index in range(readers - 1):
        ours = f"body.blocks.{4 << (readers - 1 - index)}"
        _copy(weights, f"{ours}.first", state, f"blocks.{index}.conv0")
        _copy(weights, f"{ours}.second", state, f"blocks.{index}.conv1_down")
    _copy(weights, "body.head.convolution", state, "final_block.conv")
    _copy(weights, "body.head.dense", state, "final_block.dense0")
    _copy(weights, "body.head.logit", state, "final_block.dense1")
    return weights


def rosinality_generator_weights(state: Mapping[str, Tensor]) -> Weights:
    """Rename a generator of rosinality's style-based-gan-pytorch (`style.*`, `generator.*`).

    The network is that of `norm_epsilon = 1e-5`, `mapping_lr_multiplier = 1`, `input = "normal"` and
    `bias_before_blur = true`. Folded: its gain sqrt(2) on styles and images, where ours is 1; its scale of styles,
    which is learned around 1 and ours around 0; its quarter in fused doublings; its scaled noise weights. Constant
    noise and a mean style, which that code does not keep, are left out. Both layers of its blocks see the same noise.
    """
    weights: Weights = {"start.constant": state["generator.progression.0.conv1.input"]}
    for index in range(_count(state, "style.{}.linear.weight_orig", step=2, start=1)):
        weights[f"mapping.layers.{index}.weight"] = state[f"style.{2 * index + 1}.linear.weight_orig"]
        weights[f"mapping.layers.{index}.bias"] = state[f"style.{2 * index + 1}.linear.bias"]
    for index in range(_count(state, "generator.progression.{}.conv2.conv.weight_orig")):
        resolution, theirs = 4 << index, f"generator.progression.{index}"
        for number, place in ((1, "first"), (2, "second")):
            _rosinality_layer(weights, f"blocks.{resolution}.{place}", state, theirs, number)
        if index == 0:
            weights["blocks.4.first.bias"] = torch.zeros_like(weights["blocks.4.first.noise_weight"])
        elif f"{theirs}.conv1.0.weight" in state:
            weights[f"blocks.{resolution}.first.convolution.weight"] = (
                # Its fused doubling is a mean of four shifted kernels where this one is their sum: a quarter.
                state[f"{theirs}.conv1.0.weight"].transpose(0, 1).flip(2, 3) / 4
            )
            weights[f"blocks.{resolution}.first.bias"] = state[f"{theirs}.conv1.0.bias"]
        else:
            weights[f"blocks.{resolution}.first.convolution.weight"] = state[f"{theirs}.conv1.1.conv.weight_orig"]
            weights[f"blocks.{resolution}.first.bias"] = state[f"{theirs}.conv1.1.conv.bias"]
        weights[f"to_rgb.{resolution}.weight"] = state[f"generator.to_rgb.{index}.conv.weight_orig"] * math.sqrt(2)
        weights[f"to_rgb.{resolution}.bias"] = state[f"generator.to_rgb.{index}.conv.bias"]
    return weights


def rosinality_discriminator_weights(state: Mapping[str, Tensor]) -> Weights:
    """Rename a discriminator of rosinality's style-based-gan-pytorch (`progression.*`, `from_rgb.*`, `linear.*`).

    The network is that of `widening = "first"`, `minibatch_std_group = 0`, and of `from_rgb_activation =
    "leaky-relu"` if the layers that read images are called `from_rgb.<n>.0.*`, else of `"none"`. Folded: its gain
    sqrt(2) on the last layer, where ours is 1.
    """
    weights: Weights = {}
    count = _count(state, "progression.{}.conv1.0.conv.weight_orig")
    for index in range(count):
        resolution = 4 << (count - 1 - index)
        reader = f"from_rgb.{index}.0" if f"from_rgb.{index}.0.conv.bias" in state else f"from_rgb.{index}"
        weights[f"body.from_rgb.{resolution}.weight"] = state[f"{reader}.conv.weight_orig"]
        weights[f"body.from_rgb.{resolution}.bias"] = state[f"{reader}.conv.bias"]
        first = "body.head.convolution" if resolution == 4 else f"body.blocks.{resolution}.first"
        weights[f"{first}.weight"] = state[f"progression.{index}.conv1.0.conv.weight_orig"]
        weights[f"{first}.bias"] = state[f"progression.{index}.conv1.0.conv.bias"]
        if resolution > 4:
            _rosinality_halving(weights, f"body.blocks.{resolution}.second", state, f"progression.{index}.conv2.1")
    last = f"progression.{count - 1}.conv2.0.conv"
    weights["body.head.dense.weight"] = state[f"{last}.weight_orig"].flatten(1)
    weights["body.head.dense.bias"] = state[f"{last}.bias"]
    # Every layer of that code has the gain sqrt(2), also those that no activation follows.
    weights["body.head.logit.weight"] = state["linear.linear.weight_orig"] * math.sqrt(2)
    weights["body.head.logit.bias"] = state["linear.linear.bias"]
    return weights


def _rosinality_layer(weights: Weights, ours: str, state: Mapping[str, Tensor], theirs: str, number: int) -> None:
    noise = state[f"{theirs}.noise{number}.weight_orig"].flatten()
    # Its noise weights are scaled at run time like a convolution's: gain sqrt(2), fan-in their number.
    weights[f"{ours}.noise_weight"] = noise * math.sqrt(2 / max(len(noise), 1))
    weights[f"{ours}.style.weight"] = state[f"{theirs}.adain{number}.style.linear.weight_orig"] * math.sqrt(2)
    bias = state[f"{theirs}.adain{number}.style.linear.bias"].clone()
    # Its scales are learned around 1 (the bias begins there), this network's around 0.
    bias[: len(noise)] -= 1
    weights[f"{ours}.style.bias"] = bias
    if number == 2:
        weights[f"{ours}.convolution.weight"] = state[f"{theirs}.conv2.conv.weight_orig"]
        weights[f"{ours}.bias"] = state[f"{theirs}.conv2.conv.bias"]


def _rosinality_halving(weights: Weights, ours: str, state: Mapping[str, Tensor], theirs: str) -> None:
    fused = f"{theirs}.weight" in state
    weights[f"{ours}.weight"] = state[f"{theirs}.weight" if fused else f"{theirs}.conv.weight_orig"]
    weights[f"{ours}.bias"] = state[f"{theirs}.bias" if fused else f"{theirs}.conv.bias"]


def _huangzh13_layer(
    weights: Weights, ours: str, state: Mapping[str, Tensor], epilogue: str, convolution: str | None = None
) -> None:
    weights[f"{ours}.noise_weight"] = state[f"{epilogue}.top_epi.noise.weight"]
    _copy(weights, f"{ours}.style", state, f"{epilogue}.style_mod.lin")
    if convolution is not None:
        weights[f"{ours}.convolution.weight"] = state[f"{convolution}.weight"]
        weights[f"{ours}.bias"] = state[f"{convolution}.bias"]


def _turn(weights: Weights, resolution: int) -> None:
    if resolution >= _FUSED_FROM:
        name = f"blocks.{resolution}.first.convolution.weight"
        weights[name] = weights[name].flip(2, 3)


def _copy(weights: Weights, ours: str, state: Mapping[str, Tensor], theirs: str) -> None:
    weights[f"{ours}.weight"] = state[f"{theirs}.weight"]
    weights[f"{ours}.bias"] = state[f"{theirs}.bias"]


def _count(state: Mapping[str, Tensor], pattern: str, *, step: int = 1, start: int = 0) -> int:
    """Return how many of the names pattern.format(start), (start + step), ... there are without a gap."""
    count = 0
    while pattern.format(start + count * step) in state:
        count += 1
    return count
