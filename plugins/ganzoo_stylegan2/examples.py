"""Examples of other people's files, small ones, written from this plugin's own networks: for conformance checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganzoo import ImageSpec
from ganzoo.interchange import Record, network_record, persistent_record, renamed
from ganzoo_stylegan2.discriminator import StyleGAN2Discriminator
from ganzoo_stylegan2.generator import StyleGAN2Generator

State = dict[str, Tensor]
_IMAGES = ImageSpec(8, 3)


def _in_front(value: Tensor) -> Tensor:
    return value[None]


def _twice_in_front(value: Tensor) -> Tensor:
    return value[None, None]


def _dense(value: Tensor) -> Tensor:
    return value.t()


def _kernel(value: Tensor) -> Tensor:
    return value.permute(2, 3, 1, 0)


def _flipped(value: Tensor) -> Tensor:
    return _kernel(value.flip(2, 3))


def _column(value: Tensor) -> Tensor:
    return value[None, :, None, None]


def official_generator() -> State:
    """Return a generator's state by NVIDIA's PyTorch names."""
    network = StyleGAN2Generator(StyleGAN2Generator.example_options(Path()), _IMAGES)
    return renamed(
        network.state_dict(),
        (
            (r"w_avg", "mapping.w_avg", None),
            (r"mapping\.layers\.(\d+)\.(.+)", r"mapping.fc\1.\2", None),
            (r"blocks\.4\.constant", "synthesis.b4.const", lambda value: value[0]),
            (r"blocks\.(\d+)\.(.+)", r"synthesis.b\1.\2", None),
            (r"to_rgb\.(\d+)\.(.+)", r"synthesis.b\1.torgb.\2", None),
        ),
    )


def official_discriminator() -> State:
    """Return a discriminator's state by NVIDIA's PyTorch names."""
    network = StyleGAN2Discriminator(StyleGAN2Discriminator.example_options(Path()), _IMAGES)
    return renamed(
        network.state_dict(),
        (
            (r"from_rgb\.(\d+)\.conv\.(.+)", r"b\1.fromrgb.\2", None),
            (r"blocks\.(\d+)\.shortcut\.(.+)", r"b\1.skip.\2", None),
            (r"blocks\.(\d+)\.(conv[01])\.conv\.(.+)", r"b\1.\2.\3", None),
            (r"head\.conv\.conv\.(.+)", r"b4.conv.\1", None),
            (r"head\.dense\.(.+)", r"b4.fc.\1", None),
            (r"head\.out\.(.+)", r"b4.out.\1", None),
        ),
    )


def nvidia_pytorch() -> dict[str, Record]:
    """Return what a pickle of StyleGAN2-ADA in PyTorch holds."""
    deviation = persistent_record("MinibatchStdLayer", {}, group_size=4)
    return {
        "G": persistent_record("Generator", official_generator()),
        "D": persistent_record("Discriminator", {**official_discriminator(), "b4.mbstd": deviation}),
        "G_ema": persistent_record("Generator", official_generator()),
    }


_STYLED = (
    ("weight", "conv.weight", _in_front),
    (r"affine\.(.+)", r"conv.modulation.\1", None),
    ("noise_strength", "noise.weight", _in_front),
)


def rosinality() -> dict[str, Any]:
    """Return what a checkpoint of rosinality's stylegan2-pytorch holds."""
    found = official_generator()
    layers = {"conv1": ("b4", "conv1"), "convs.0": ("b8", "conv0"), "convs.1": ("b8", "conv1")}
    images = {"to_rgb1": ("b4", "torgb"), "to_rgbs.0": ("b8", "torgb")}
    rules = [
        (rf"synthesis\.{block}\.{layer}\.{ours}", f"{name}.{theirs}", change)
        for name, (block, layer) in (layers | images).items()
        for ours, theirs, change in _STYLED
    ]
    rules += [
        (rf"synthesis\.{block}\.{layer}\.bias", f"{name}.activate.bias", None)
        for name, (block, layer) in layers.items()
    ]
    rules += [
        (rf"synthesis\.{block}\.{layer}\.noise_const", f"noises.noise_{number}", _twice_in_front)
        for number, (block, layer) in enumerate(layers.values())
    ]
    rules += [
        (rf"synthesis\.{block}\.{layer}\.bias", f"{name}.bias", _column) for name, (block, layer) in images.items()
    ]
    rules += [
        (r"synthesis\.b4\.const", "input.input", _in_front),
        # The first entry of `style` normalizes the latents.
        *((rf"mapping\.fc{layer}\.(.+)", rf"style.{layer + 1}.\1", None) for layer in range(2)),
    ]
    state = renamed(found, rules)
    return {"d": _rosinality_discriminator(), "g_ema": state, "latent_avg": found["mapping.w_avg"]}


def _rosinality_discriminator() -> State:
    return renamed(
        official_discriminator(),
        (
            (r"b8\.fromrgb\.weight", "convs.0.0.weight", None),
            (r"b8\.fromrgb\.bias", "convs.0.1.bias", None),
            (r"b8\.conv0\.weight", "convs.1.conv1.0.weight", None),
            (r"b8\.conv0\.bias", "convs.1.conv1.1.bias", None),
            (r"b8\.conv1\.weight", "convs.1.conv2.1.weight", None),
            (r"b8\.conv1\.bias", "convs.1.conv2.2.bias", None),
            (r"b8\.skip\.weight", "convs.1.skip.1.weight", None),
            (r"b4\.conv\.weight", "final_conv.0.weight", None),
            (r"b4\.conv\.bias", "final_conv.1.bias", None),
            (r"b4\.fc\.(.+)", r"final_linear.0.\1", None),
            (r"b4\.out\.(.+)", r"final_linear.1.\1", None),
        ),
    )


def nvidia_tensorflow() -> tuple[Record, Record, Record]:
    """Return what a pickle of StyleGAN2 in TensorFlow holds: G, D, Gs."""
    return _tensorflow_generator("G"), _tensorflow_discriminator(), _tensorflow_generator("Gs")


def _tensorflow_generator(name: str) -> Record:
    official = official_generator()
    mapping = renamed(
        official,
        (
            (r"mapping\.fc(\d+)\.weight", r"Dense\1/weight", _dense),
            (r"mapping\.fc(\d+)\.bias", r"Dense\1/bias", None),
        ),
    )
    places = [("b4", "conv1", "4x4/Conv"), ("b4", "torgb", "4x4/ToRGB"), ("b8", "torgb", "8x8/ToRGB")]
    places += [("b8", "conv0", "8x8/Conv0_up"), ("b8", "conv1", "8x8/Conv1")]
    noises = [("b4", "conv1"), ("b8", "conv0"), ("b8", "conv1")]
    rules = [
        (rf"synthesis\.{block}\.{layer}\.{ours}", f"{place}/{theirs}", change)
        for block, layer, place in places
        for ours, theirs, change in (
            ("weight", "weight", _flipped if layer == "conv0" else _kernel),
            ("bias", "bias", None),
            ("noise_strength", "noise_strength", None),
            (r"affine\.weight", "mod_weight", _dense),
            (r"affine\.bias", "mod_bias", lambda value: value - 1),
        )
    ]
    rules += [
        (rf"synthesis\.{block}\.{layer}\.noise_const", f"noise{number}", _twice_in_front)
        for number, (block, layer) in enumerate(noises)
    ]
    rules.append((r"synthesis\.b4\.const", "4x4/Const/const", _in_front))
    components = {
        "mapping": network_record("G_mapping", "G_mapping", mapping),
        "synthesis": network_record("G_synthesis", "G_synthesis_stylegan2", renamed(official, rules)),
    }
    own = {"lod": torch.zeros(()), "dlatent_avg": official["mapping.w_avg"]}
    return network_record(name, "G_main", own, components)


def _tensorflow_discriminator() -> Record:
    variables = renamed(
        official_discriminator(),
        (
            (r"b8\.fromrgb\.weight", "8x8/FromRGB/weight", _kernel),
            (r"b8\.fromrgb\.bias", "8x8/FromRGB/bias", None),
            (r"b8\.conv0\.weight", "8x8/Conv0/weight", _kernel),
            (r"b8\.conv0\.bias", "8x8/Conv0/bias", None),
            (r"b8\.conv1\.weight", "8x8/Conv1_down/weight", _kernel),
            (r"b8\.conv1\.bias", "8x8/Conv1_down/bias", None),
            (r"b8\.skip\.weight", "8x8/Skip/weight", _kernel),
            (r"b4\.conv\.weight", "4x4/Conv/weight", _kernel),
            (r"b4\.conv\.bias", "4x4/Conv/bias", None),
            (r"b4\.fc\.weight", "4x4/Dense0/weight", _dense),
            (r"b4\.fc\.bias", "4x4/Dense0/bias", None),
            (r"b4\.out\.weight", "Output/weight", _dense),
            (r"b4\.out\.bias", "Output/bias", None),
        ),
    )
    return network_record("D", "D_stylegan2", variables, mbstd_group_size=4)
