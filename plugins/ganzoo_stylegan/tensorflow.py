"""Importer of NVIDIA's TensorFlow pickles of StyleGAN.

Where the official code doubles the resolution in one transposed convolution, it does not flip the kernel: it is
turned here, as in `importers.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganzoo import CheckpointError, ForeignCheckpoint, ForeignNetwork, ImageSpec, Importer
from ganzoo.interchange import TensorFlowNetwork, is_network, network_of
from ganzoo_stylegan import examples
from ganzoo_stylegan.shapes import discriminator_from, generator_from, size_of
from ganzoo_stylegan.tensorflow_names import DISCRIMINATOR, GENERATOR, translated

FUSED_FROM = 128  # `fused_scale = "auto"` of the official code
_KNOWN = {  # what every network that is known here was built with
    "nonlinearity": "lrelu",
    "mapping_nonlinearity": "lrelu",
    "use_wscale": True,
    "use_styles": True,
    "use_instance_norm": True,
    "use_pixel_norm": False,
    "normalize_latents": True,
    "mbstd_num_features": 1,
}


class NvidiaTensorFlow(Importer):
    """NVIDIA's TensorFlow pickles of StyleGAN: G, D and Gs, or one of them.

    Paper: arXiv:1812.04948.
    """

    name = "nvidia-stylegan-tensorflow"

    @classmethod
    def example_content(cls) -> Any:
        return examples.nvidia_tensorflow()

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        networks = _networks(content)
        # A discriminator alone could be ProGAN's too, so it counts only where it is all there is.
        return any(map(_is_generator, networks)) or (len(networks) == 1 and _is_discriminator(networks[0]))

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        networks = _networks(content)
        generators = [network for network in networks if _is_generator(network)]
        critics = [network for network in networks if _is_discriminator(network)]
        discriminator, images = _discriminator(critics[0]) if critics else (None, None)
        if not generators:
            assert images is not None
            return ForeignCheckpoint(images, discriminator=discriminator)
        ema, images = _generator(generators[-1])
        resolution, alpha = _reached(generators[-1], images.resolution)
        return ForeignCheckpoint(
            images,
            ema,
            _generator(generators[0])[0] if len(generators) > 1 else None,
            discriminator,
            resolution=resolution,
            alpha=alpha,
            notes=_notes(generators[-1], resolution, alpha),
        )


def _networks(content: Any) -> list[TensorFlowNetwork]:
    records = list(content) if isinstance(content, tuple | list) else [content]
    if not records or not all(map(is_network, records)):
        return []
    try:
        return [network_of(record) for record in records]
    except CheckpointError:
        return []


def _is_generator(network: TensorFlowNetwork) -> bool:
    return "synthesis/4x4/Conv/StyleMod/weight" in network.all_variables()


def _is_discriminator(network: TensorFlowNetwork) -> bool:
    variables = network.all_variables()
    return "4x4/Dense1/weight" in variables and any(name.startswith("FromRGB_lod") for name in variables)


def _arguments(network: TensorFlowNetwork) -> dict[str, Any]:
    """Return what the building functions were called with; raises CheckpointError where that is unknown here."""
    given: dict[str, Any] = {}
    for each in (*network.components.values(), network):
        given |= each.static_kwargs
    for name, expected in _KNOWN.items():
        if given.get(name, expected) != expected:
            raise CheckpointError(f"it was built with {name} = {given[name]}, and {expected} alone is known here")
    return given


def _generator(network: TensorFlowNetwork) -> tuple[ForeignNetwork, ImageSpec]:
    given, variables = _arguments(network), network.all_variables()
    weights = translated(variables, GENERATOR, "synthesis/ToRGB_lod", "to_rgb")
    for name, value in variables.items():
        if match := re.fullmatch(r"synthesis/noise(\d{1,2})", name):
            index = int(match.group(1))
            weights[f"blocks.{4 << index // 2}.{'second' if index % 2 else 'first'}.noise_const"] = value
    resolutions = _numbers(weights, r"blocks\.(\d+)\.first\.bias")
    fused = given.get("fused_scale", "auto")
    for resolution in resolutions:
        name = f"blocks.{resolution}.first.convolution.weight"
        if name in weights and (fused is True or (fused == "auto" and resolution >= FUSED_FROM)):
            weights[name] = weights[name].flip(2, 3)
    _add_images(weights, resolutions)
    return generator_from(
        weights,
        input="dense" if "start.dense.weight" in weights else "constant",
        blur=_taps(given),
        mapping_lr_multiplier=_number(given, "mapping_lrmul", 0.01),
        w_avg_beta=_w_avg_beta(given.get("dlatent_avg_beta")),
        style_mixing=_number(given, "style_mixing_prob", 0.9),
    )


def _discriminator(network: TensorFlowNetwork) -> tuple[ForeignNetwork, ImageSpec]:
    given = _arguments(network)
    weights = translated(network.all_variables(), DISCRIMINATOR, "FromRGB_lod", "body.from_rgb")
    resolutions = _numbers(weights, r"body\.blocks\.(\d+)\.first\.weight")
    for resolution in (4, *resolutions):  # a network of fixed structure reads images at one resolution alone
        if f"body.from_rgb.{resolution}.weight" not in weights:
            reader = f"body.blocks.{resolution}.first.weight" if resolution > 4 else "body.head.dense.weight"
            width = size_of(weights, reader, 1) // (1 if resolution > 4 else 4 * 4)
            channels = size_of(weights, f"body.from_rgb.{max(resolutions, default=4)}.weight", 1)
            weights[f"body.from_rgb.{resolution}.weight"] = torch.zeros(width, channels, 1, 1)
            weights[f"body.from_rgb.{resolution}.bias"] = torch.zeros(width)
    group = given.get("mbstd_group_size", 4)
    if not isinstance(group, int) or group < 0:
        raise CheckpointError("the groups of its minibatch deviation are damaged")
    return discriminator_from(weights, blur=_taps(given), minibatch_std_group=max(group, 1))


def _numbers(weights: Mapping[str, Tensor], pattern: str) -> list[int]:
    return [int(match.group(1)) for name in weights if (match := re.fullmatch(pattern, name))]


def _add_images(weights: dict[str, Tensor], resolutions: list[int]) -> None:
    """A network of fixed structure makes images at one resolution alone; the layers of the others count nothing."""
    for resolution in resolutions:
        if f"to_rgb.{resolution}.weight" not in weights:
            width = size_of(weights, f"blocks.{resolution}.first.bias", 0)
            channels = size_of(weights, f"to_rgb.{max(resolutions)}.weight", 0)
            weights[f"to_rgb.{resolution}.weight"] = torch.zeros(channels, width, 1, 1)
            weights[f"to_rgb.{resolution}.bias"] = torch.zeros(channels)


def _taps(given: Mapping[str, Any]) -> tuple[float, ...]:
    taps = given.get("blur_filter", [1, 2, 1])
    if taps is None:
        return ()
    if not isinstance(taps, list | tuple) or not all(isinstance(tap, int | float) for tap in taps):
        raise CheckpointError("its filter is damaged")
    return tuple(float(tap) for tap in taps)


def _w_avg_beta(value: Any) -> float:
    """Return the share that the mean style keeps, and the official one where the file's would never track it."""
    return float(value) if isinstance(value, int | float) and 0 <= value < 1 else 0.995


def _number(given: Mapping[str, Any], name: str, default: float) -> float:
    value = given.get(name, default)
    if value is None:
        return 0.0
    return float(value) if isinstance(value, int | float) else default


def _reached(network: TensorFlowNetwork, resolution: int) -> tuple[int | None, float]:
    """Return the resolution that a growing network works at and the weight of its newest block; None: the final one."""
    variables = network.all_variables()
    stage = variables.get("lod", variables.get("synthesis/lod", torch.zeros(1))).flatten()
    lod = float(stage[0]) if len(stage) else -1.0
    if not 0 <= lod < resolution.bit_length():
        raise CheckpointError(f"its level of detail is {lod:g}, which is none of its resolutions")
    # The level of detail counts halvings from the final resolution; its fraction is how far the fade has to go.
    steps = int(lod)
    reached = max(resolution >> steps, 4)
    return (None, 1.0) if lod == 0 else (reached, 1.0 - (lod - steps) if reached > 4 else 1.0)


def _notes(network: TensorFlowNetwork, resolution: int | None, alpha: float) -> tuple[str, ...]:
    notes = []
    if resolution is not None:
        fading = f", its newest block at {alpha:.0%}" if alpha < 1 else ""
        notes.append(f"it had grown to {resolution} pixels{fading}; the official code shows such images enlarged")
    psi, cutoff = (network.static_kwargs.get(key) for key in ("truncation_psi", "truncation_cutoff"))
    if isinstance(psi, int | float) and psi != 1:
        layers = f" --truncation-cutoff {cutoff}" if isinstance(cutoff, int) else ""
        notes.append(f"its authors sample it with --truncation-psi {psi:g}{layers}, which is not the default here")
    return tuple(notes)
