"""R3GAN's networks from their definition, in float64 with plain operators, and its snapshots.

Paper: arXiv:2501.05441, section 4 and figure 3; weights have the names of the authors' code.
"""

from __future__ import annotations

import pickle
import sys
import types
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu, pad

ROW = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Shape:
    """Sizes of a pair of networks, from 4x4 up."""

    widths: tuple[int, ...] = (12, 8)
    blocks: tuple[int, ...] = (1, 2)
    groups: tuple[int, ...] = (3, 2)
    expansion: int = 2
    latents: int = 5
    labels: int = 0
    embedded: int = 4
    channels: int = 3


class _Drawn:
    """Weights by name."""

    def __init__(self, shape: Shape) -> None:
        self.shape, self.rng = shape, torch.Generator().manual_seed(0)

    def put(self, where: Weights, name: str, *size: int, scale: float = 1.0) -> None:
        where[name] = torch.randn(size, generator=self.rng, dtype=torch.float64) * scale

    def blocks(self, where: Weights, stage: int, at: int, first: int) -> None:
        width, inner = self.shape.widths[at], self.shape.widths[at] * self.shape.expansion
        for number in range(first, first + self.shape.blocks[at]):
            name = f"MainLayers.{stage}.Layers.{number}"
            self.put(where, f"{name}.LinearLayer1.Layer.weight", inner, width, 1, 1, scale=width**-0.5)
            self.put(where, f"{name}.LinearLayer2.Layer.weight", inner, inner // self.shape.groups[at], 3, 3, scale=0.2)
            self.put(where, f"{name}.LinearLayer3.Layer.weight", width, inner, 1, 1, scale=0.2)
            self.put(where, f"{name}.NonLinearity1.Bias", inner, scale=0.3)
            self.put(where, f"{name}.NonLinearity2.Bias", inner, scale=0.3)

    def between(self, where: Weights, name: str, inputs: int, outputs: int) -> None:
        where[f"{name}.Resampler.Kernel"] = torch.outer(ROW, ROW)
        if inputs != outputs:
            self.put(where, f"{name}.LinearLayer.Layer.weight", outputs, inputs, 1, 1, scale=0.4)


def drawn(shape: Shape) -> tuple[Weights, Weights]:
    """Weights of a generator and a discriminator, of which each counts."""
    make, g, d = _Drawn(shape), Weights(), Weights()
    widths, last, latents = shape.widths, len(shape.widths) - 1, shape.latents
    if shape.labels:
        latents += shape.embedded
        make.put(g, "EmbeddingLayer.weight", shape.embedded, shape.labels)
        make.put(d, "EmbeddingLayer.weight", shape.embedded, shape.labels)
    make.put(g, "MainLayers.0.Layers.0.Basis", widths[0], 4, 4)
    make.put(g, "MainLayers.0.Layers.0.LinearLayer.weight", widths[0], latents)
    for at, width in enumerate(widths):
        make.blocks(g, at, at, 1)
        make.blocks(d, last - at, at, 0)
        if at:
            make.between(g, f"MainLayers.{at}.Layers.0", widths[at - 1], width)
            make.between(d, f"MainLayers.{last - at}.Layers.{shape.blocks[at]}", width, widths[at - 1])
    make.put(g, "AggregationLayer.Layer.weight", shape.channels, widths[-1], 1, 1, scale=0.3)
    make.put(d, "ExtractionLayer.Layer.weight", widths[-1], shape.channels, 1, 1)
    behind = f"MainLayers.{last}.Layers.{shape.blocks[0]}"
    make.put(d, f"{behind}.Basis.weight", widths[0], 1, 4, 4, scale=0.25)
    make.put(d, f"{behind}.LinearLayer.weight", shape.embedded if shape.labels else 1, widths[0], scale=0.3)
    return g, d


def block(x: Tensor, weights: Weights, name: str, groups: int) -> Tensor:
    y = conv2d(x, weights[f"{name}.LinearLayer1.Layer.weight"])
    y = leaky_relu(y + weights[f"{name}.NonLinearity1.Bias"][:, None, None], 0.2)
    kernels = weights[f"{name}.LinearLayer2.Layer.weight"].chunk(groups)
    y = torch.cat(
        [conv2d(part, kernel, padding=1) for part, kernel in zip(y.chunk(groups, 1), kernels, strict=True)], dim=1
    )
    y = leaky_relu(y + weights[f"{name}.NonLinearity2.Bias"][:, None, None], 0.2)
    return x + conv2d(y, weights[f"{name}.LinearLayer3.Layer.weight"])


def filtered(x: Tensor, before: int, after: int) -> Tensor:
    kernel = torch.outer(ROW, ROW)[None, None].expand(x.shape[1], 1, 4, 4)
    return conv2d(pad(x, (before, after, before, after)), kernel, groups=x.shape[1])


def images_of(weights: Weights, shape: Shape, latents: Tensor, labels: Tensor) -> Tensor:
    x = torch.cat([latents, labels @ weights["EmbeddingLayer.weight"].T], dim=1) if shape.labels else latents
    scale = x @ weights["MainLayers.0.Layers.0.LinearLayer.weight"].T
    x = weights["MainLayers.0.Layers.0.Basis"] * scale[:, :, None, None]
    for stage, (count, groups) in enumerate(zip(shape.blocks, shape.groups, strict=True)):
        if stage:
            narrow = weights.get(f"MainLayers.{stage}.Layers.0.LinearLayer.Layer.weight")
            x = x if narrow is None else conv2d(x, narrow)
            spread = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
            spread[:, :, ::2, ::2] = 4 * x
            x = filtered(spread, 2, 1)
        for number in range(1, count + 1):
            x = block(x, weights, f"MainLayers.{stage}.Layers.{number}", groups)
    return conv2d(x, weights["AggregationLayer.Layer.weight"])


def logits_of(weights: Weights, shape: Shape, images: Tensor, labels: Tensor) -> Tensor:
    x = conv2d(images, weights["ExtractionLayer.Layer.weight"])
    descending = list(zip(shape.blocks, shape.groups, strict=True))[::-1]
    for stage, (count, groups) in enumerate(descending):
        for number in range(count):
            x = block(x, weights, f"MainLayers.{stage}.Layers.{number}", groups)
        behind = f"MainLayers.{stage}.Layers.{count}"
        if stage < len(descending) - 1:
            x = filtered(x, 1, 1)[:, :, ::2, ::2]
            widen = weights.get(f"{behind}.LinearLayer.Layer.weight")
            x = x if widen is None else conv2d(x, widen)
    x = (x * weights[f"{behind}.Basis.weight"][:, 0]).sum(dim=(2, 3)) @ weights[f"{behind}.LinearLayer.weight"].T
    return (x * (labels @ weights["EmbeddingLayer.weight"].T)).sum(dim=1) if shape.labels else x[:, 0]


def snapshot(generator: Weights, discriminator: Weights) -> bytes:
    """The file that the authors' code writes: modules, pickled by the paths of their classes."""
    names = ("training", "training.networks", "R3GAN", "R3GAN.Networks")
    modules = {name: types.ModuleType(name) for name in names}

    def made(path: str, kind: str) -> Any:
        cls = getattr(modules[path], kind, None) or type(kind, (nn.Module,), {"__module__": path})
        setattr(modules[path], kind, cls)
        return cls()

    def network(kind: str, weights: Weights) -> Any:
        outer, inner = made("training.networks", kind), made("R3GAN.Networks", kind)
        outer.Model = inner
        for name, value in weights.items():
            *path, last = name.split(".")
            module = inner
            for each in path:
                if not hasattr(module, each):
                    module.add_module(each, made("R3GAN.Networks", "Layer"))
                module = getattr(module, each)
            if last == "Kernel":
                module.register_buffer(last, value.float())
            else:
                module.register_parameter(last, nn.Parameter(value.float()))
        return outer

    sys.modules.update(modules)
    try:
        content = {"G": network("Generator", generator), "D": network("Discriminator", discriminator)}
        content |= {"G_ema": content["G"], "training_set_kwargs": {"class_name": "training.dataset.ImageFolderDataset"}}
        return pickle.dumps(content)
    finally:
        for name in names:
            del sys.modules[name]
