"""Generators of StyleGAN3 as NVIDIA's pickles hold them, at any settings, with weights that all count."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from dense_stylegan3 import DEFAULTS, Layer, layers_of, low_pass
from foreign_files import persistent_module, persistent_pickled


def random_weights(
    draw: np.random.Generator,
    layers: list[Layer],
    *,
    latents: int,
    styles: int,
    labels: int = 0,
    mapping_layers: int = 2,
    kernel: int = 3,
) -> dict[str, np.ndarray]:
    """Weights by official names, each of them with an effect: learned transform, biases, magnitudes, mean style."""
    first = layers[0]
    found = {"mapping.w_avg": draw.normal(size=styles), "synthesis.input.transform": np.eye(3)}

    def dense(name: str, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0) -> None:
        found[f"{name}.weight"] = draw.normal(size=(outputs, inputs)) / rate
        found[f"{name}.bias"] = (bias + 0.3 * draw.normal(size=outputs)) / rate

    if labels:
        dense("mapping.embed", labels, styles)
    sizes = [latents + styles * bool(labels), *[styles] * mapping_layers]
    for number in range(mapping_layers):
        dense(f"mapping.fc{number}", sizes[number], styles, rate=0.01)
    dense("synthesis.input.affine", styles, 4)
    found["synthesis.input.affine.bias"] = np.array([1, 0.5, 0.1, -0.2])
    angles, radii = draw.uniform(0, 2 * np.pi, first.channels), first.cutoff * draw.uniform(0, 1, first.channels) ** 0.5
    found["synthesis.input.freqs"] = radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found["synthesis.input.phases"] = draw.uniform(-0.5, 0.5, first.channels)
    found["synthesis.input.weight"] = draw.normal(size=(first.channels, first.channels))
    for number, layer in enumerate(layers):
        name, inputs = f"synthesis.{layer.name}", layers[max(number - 1, 0)].channels
        size = 1 if number == len(layers) - 1 else kernel
        dense(f"{name}.affine", styles, inputs, bias=1)
        found[f"{name}.weight"] = draw.normal(size=(layer.channels, inputs, size, size))
        found[f"{name}.bias"] = 0.3 * draw.normal(size=layer.channels)
        found[f"{name}.magnitude_ema"] = draw.uniform(0.3, 1.5, ())
    return {name: np.asarray(value, np.float32) for name, value in found.items()}


def pickle_of(
    weights: dict[str, np.ndarray],
    resolution: int,
    channels: int,
    *,
    rate: float = 0.01,
    settings: dict[str, Any],
    said: dict[str, dict[str, Any]] | None = None,
    more: dict[str, Any] | None = None,
    cast: Any = None,
    judge: Any = None,
) -> bytes:
    """NVIDIA's pickle of a generator, with the filters that the official code would put into it.

    Args:
        weights: As `random_weights` draws them.
        resolution: Of the images.
        channels: Of the images.
        rate: Factor on the learning rate of the mapping network.
        settings: By official names.
        said: What else modules say, by their names.
        more: Arguments of the generator that are added.
        cast: What to do with each tensor.
        judge: The discriminator.
    """
    layers = layers_of(resolution, channels, **settings)
    s = DEFAULTS | settings
    state = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
    within: dict[str, dict[str, Any]] = {"mapping": {"w_avg_beta": 0.99}, "synthesis": {"num_ws": len(layers) + 1}}
    for number, layer in enumerate(layers):
        before = layers[max(number - 1, 0)]
        high = max(before.rate, layer.rate) * s["lrelu_upsampling"]
        for name, band, radial in (("up", before, False), ("down", layer, s["use_radial_filters"])):
            factor = high // band.rate
            if factor > 1 and number < len(layers) - 1:
                taps = s["filter_size"] * factor, band.cutoff, band.half_width, high
                found = low_pass(*taps, radial=radial and not layer.critical)
                state[f"synthesis.{layer.name}.{name}_filter"] = torch.from_numpy(found.astype("f4"))
        within[f"synthesis.{layer.name}"] = {"conv_clamp": s["conv_clamp"], "use_fp16": True}
    for name in weights:
        if re.fullmatch(r"mapping\.fc\d+\.weight", name):
            within[name.removesuffix(".weight")] = {"activation": "lrelu", "bias_gain": rate}
    for name, values in (said or {}).items():
        within[name] = within.get(name, {}) | values
    style = weights["mapping.w_avg"].shape[0]
    labels = weights["mapping.embed.weight"].shape[1] if "mapping.embed.weight" in weights else 0
    given = {
        "z_dim": weights["mapping.fc0.weight"].shape[1] - style * bool(labels),
        "c_dim": labels,
        "w_dim": style,
        "img_resolution": resolution,
        "img_channels": channels,
        **settings,
        **(more or {}),
    }
    if cast is not None:
        state = {name: cast(value) for name, value in state.items()}
    made = persistent_module("Generator", state, within, _init_args=(), _init_kwargs=given)
    data = {"class_name": "training.dataset.ImageFolderDataset", "use_labels": bool(labels)}
    return persistent_pickled({"G": made, "D": judge, "G_ema": made, "training_set_kwargs": data, "augment_pipe": None})
