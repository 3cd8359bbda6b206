"""Pairs of StyleGAN2's networks as NVIDIA's PyTorch pickles hold them, of any size, with weights that all count."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from dense_stylegan2 import FILTER, Shape
from foreign_files import persistent_module

Weights = dict[str, np.ndarray]
_LINEAR = ("skip", "affine", "embed", "out")


def random_networks(draw: np.random.Generator, shape: Shape) -> tuple[Weights, Weights]:
    """Weights of a generator and a discriminator by official names."""
    return _generator(_Drawn(draw, shape)), _discriminator(_Drawn(draw, shape))


class _Drawn:
    """Layers as they are drawn, by name."""

    def __init__(self, draw: np.random.Generator, shape: Shape) -> None:
        self.draw, self.shape, self.found = draw, shape, dict[str, np.ndarray]()

    def put(self, name: str, *size: int, scale: float = 1.0, middle: float = 0.0) -> None:
        self.found[name] = np.asarray((middle + self.draw.normal(size=size)) * scale, np.float32)

    def dense(self, name: str, inputs: int, outputs: int, *, middle: float = 0.0, rate: float = 1.0) -> None:
        self.put(f"{name}.weight", outputs, inputs, scale=1 / rate)
        self.put(f"{name}.bias", outputs, scale=0.3 / rate, middle=middle)

    def conv(self, name: str, inputs: int, outputs: int, size: int, *, bias: bool = True) -> None:
        self.put(f"{name}.weight", outputs, inputs, size, size)
        if bias:
            self.put(f"{name}.bias", outputs, scale=0.3)

    def mapping(self, sizes: list[int], embedded: int) -> None:
        if self.shape.labels:
            self.dense("mapping.embed", self.shape.labels, embedded)
            sizes = [sizes[0] + embedded, *sizes[1:]]
        for number, (inputs, outputs) in enumerate(pairwise(sizes)):
            self.dense(f"mapping.fc{number}", inputs, outputs, rate=self.shape.rate)

    def styled(self, name: str, inputs: int, outputs: int, side: int) -> None:
        self.conv(name, inputs, outputs, 3)
        self.dense(f"{name}.affine", self.shape.styles, inputs, middle=3)
        if self.shape.noise:
            self.put(f"{name}.noise_strength")
            self.put(f"{name}.noise_const", side, side)


def _generator(drawn: _Drawn) -> Weights:
    shape = drawn.shape
    hidden = [shape.mapping_width or shape.styles] * (shape.mapping_layers - 1)
    drawn.put("mapping.w_avg", shape.styles)
    drawn.mapping([shape.latents, *hidden, shape.styles], shape.label_width or shape.styles)
    drawn.put("synthesis.b4.const", shape.width(4), 4, 4)
    for side in shape.sides:
        block, before, width = f"synthesis.b{side}", shape.width(side // 2), shape.width(side)
        if side > 4:
            drawn.styled(f"{block}.conv0", before, width, side)
        drawn.styled(f"{block}.conv1", width, width, side)
        if shape.path == "skip" or side == shape.resolution:
            drawn.conv(f"{block}.torgb", width, shape.channels, 1)
            drawn.dense(f"{block}.torgb.affine", shape.styles, width, middle=3)
        if shape.path == "resnet" and side > 4:
            drawn.conv(f"{block}.skip", before, width, 1, bias=False)
    return drawn.found


def _discriminator(drawn: _Drawn) -> Weights:
    shape = drawn.shape
    for side in shape.sides[::-1]:
        width = shape.width(side)
        if side == shape.resolution or shape.judged_path == "skip":
            drawn.conv(f"b{side}.fromrgb", shape.channels, width, 1)
        if side == 4:
            break
        drawn.conv(f"b{side}.conv0", width, width, 3)
        drawn.conv(f"b{side}.conv1", width, shape.width(side // 2), 3)
        if shape.judged_path == "resnet":
            drawn.conv(f"b{side}.skip", width, shape.width(side // 2), 1, bias=False)
    drawn.conv("b4.conv", width + shape.maps, width, 3)
    drawn.dense("b4.fc", width * 16, width)
    drawn.dense("b4.out", width, shape.judged_width if shape.labels else 1)
    if shape.labels:
        drawn.mapping([0, *[shape.judged_width] * shape.judged_layers], shape.judged_width)
    return drawn.found


def pickled(generator: Weights, discriminator: Weights, shape: Shape) -> dict[str, Any]:
    """The content of NVIDIA's pickle of the pair, for `persistent_pickled`; filters are among the buffers."""
    made = _module("Generator", generator, shape)
    judge = _module("Discriminator", discriminator, shape)
    if shape.maps:
        last = judge.meta["state"]["_modules"]["b4"].meta["state"]["_modules"]
        last["mbstd"] = persistent_module("MinibatchStdLayer", {}, group_size=shape.group, num_channels=shape.maps)
    data = {"class_name": "training.dataset.ImageFolderDataset", "use_labels": bool(shape.labels)}
    return {"G": made, "D": judge, "G_ema": made, "training_set_kwargs": data, "augment_pipe": None}


def _module(kind: str, weights: Weights, shape: Shape) -> Any:
    state = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
    layers = [name.removesuffix(".weight") for name in weights if name.endswith(".weight")]
    for layer in layers:
        if layer.rpartition(".")[2] in ("conv0", "conv1", "skip", "fromrgb", "conv"):
            state[f"{layer}.resample_filter"] = torch.from_numpy(FILTER.astype("f4"))
    within = {layer: _attributes(layer, shape) for layer in layers}
    return persistent_module(kind, state, within, _init_args=(), _init_kwargs={"c_dim": shape.labels})


def _attributes(layer: str, shape: Shape) -> dict[str, Any]:
    """What the official code keeps in such a layer."""
    last = layer.rpartition(".")[2]
    if last == "torgb":
        return {"conv_clamp": shape.clamp}
    found: dict[str, Any] = {"activation": "linear" if last in _LINEAR else "lrelu"}
    if layer.startswith("mapping.fc"):
        found["bias_gain"] = shape.rate
    elif last.startswith("conv") or last in ("fromrgb", "skip"):
        found["conv_clamp"] = None if last == "skip" or layer == "b4.fromrgb" else shape.clamp
    return found
