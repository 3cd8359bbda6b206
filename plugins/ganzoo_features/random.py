"""Features of a fixed random network: for scores without pretrained weights and downloads.

The network, version 1. Input: pixels / 127.5 - 1, replicated by one pixel at the border. Five 3x3 convolutions with
32, 48, 64, 96 and 128 outputs, the first of stride 1, the others of stride 2, padding 1, each followed by a leaky
ReLU of slope 0.2. Half of the first layer's filters have no response to flat areas and are scaled by 4 instead.
Features: for each layer the mean and standard deviation over the image of each channel (736 numbers), and the
luminance averaged over an 8x8 grid (64 numbers), 800 in all.

WeightsFile: normal with variance 2 / fan-in, biases normal with deviation 0.1. They come from SHAKE-256 of
`ganzoo random-features 1 layer <i>`: each number is a sum of twelve 16-bit words, centered, over 65536. This is
integer arithmetic and correctly rounded floats alone, so every machine and version makes the same bits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganzoo import Extractor, Layer, WeightsFile
from ganzoo_features.perceptual import UnitFeatures

VERSION = 1
LAYER = "800"
_CHANNELS = (3, 32, 48, 64, 96, 128)
_FLAT_FREE_GAIN = 4.0
_GRID = 8
_LUMINANCE = (0.299, 0.587, 0.114)


class RandomFeatures(Extractor):
    """Fixed random convolutional features; needs no download. Its scores are labeled FD-random, never FID.

    Paper: arXiv:2002.09797 (random embeddings as a domain-neutral space for fidelity and diversity).
    """

    name = "random-features"
    label = "random"
    layers: ClassVar[Mapping[str, Layer]] = {"pooled": Layer(LAYER, width=800)}

    def weights(self) -> WeightsFile | None:
        return None

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {
            "network": f"random convolutions, version {VERSION}",
            "weights": "frozen stream",
            "resize": "none",
            "dtype": "float32",
        }

    def build(self, layers: Sequence[str]) -> nn.Module:
        return RandomNetwork()

    def map_shapes(self, resolution: int) -> Sequence[tuple[int, int]]:
        """Return the maps of the last four convolutions, of a half to a 16th of the side."""
        strides = [2**depth for depth in range(1, len(_CHANNELS) - 1)]
        shapes = [(width, resolution // stride) for width, stride in zip(_CHANNELS[2:], strides, strict=True)]
        return shapes if resolution >= strides[-1] else ()

    def feature_maps(self) -> nn.Module:
        """Return what the last four convolutions give, activated: random features are the paper's own comparison."""
        return _Maps(RandomNetwork())

    def perceptual(self) -> nn.Module:
        """Return what each convolution gives, activated."""
        convolutions = RandomNetwork().convolutions
        stages = [nn.Sequential(convolution, nn.LeakyReLU(0.2)) for convolution in convolutions]
        return UnitFeatures([nn.Sequential(nn.ReplicationPad2d(1), stages[0]), *stages[1:]], (0.5,) * 3, (0.5,) * 3)


class RandomNetwork(nn.Module):
    """The network described above."""

    luminance: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList()
        for number, (inputs, outputs) in enumerate(pairwise(_CHANNELS)):
            first = number == 0
            # Made without memory, so that no initialization disturbs the global random state.
            convolution = nn.Conv2d(
                inputs, outputs, 3, stride=1 if first else 2, padding=0 if first else 1, device="meta"
            ).to_empty(device="cpu")
            weight, bias = frozen_layer(number, inputs, outputs)
            convolution.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
            self.convolutions.append(convolution)
        self.register_buffer("luminance", torch.tensor(_LUMINANCE).view(1, 3, 1, 1))
        self.to(memory_format=torch.channels_last)
        self.requires_grad_(False).eval()

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Map uint8 `[N, 3, H, W]` to features `[N, 800]`."""
        pixels = images.float().div_(127.5).sub_(1.0)
        features = [nn.functional.adaptive_avg_pool2d((pixels * self.luminance).sum(1, keepdim=True), _GRID).flatten(1)]
        hidden = nn.functional.pad(pixels, (1, 1, 1, 1), mode="replicate").contiguous(memory_format=torch.channels_last)
        for convolution in self.convolutions:
            hidden = nn.functional.leaky_relu(convolution(hidden), 0.2, inplace=True)
            variance, mean = torch.var_mean(hidden, dim=(2, 3), correction=0)
            features += [mean, (variance + 1e-4).sqrt()]
        return (torch.cat(features, dim=1),)


class _Maps(nn.Module):
    """Float images `[N, 3, R, R]` in [-1, 1] to the maps of all but the first convolution."""

    def __init__(self, network: RandomNetwork) -> None:
        super().__init__()
        self.convolutions = network.convolutions

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        hidden = nn.functional.pad(images, (1, 1, 1, 1), mode="replicate")
        found: list[Tensor] = []
        for convolution in self.convolutions:
            hidden = nn.functional.leaky_relu(convolution(hidden), 0.2)
            found.append(hidden)
        return tuple(found[1:])


@cache  # 150,000 numbers in all, from half a million hashed words, each time an extractor is built
def frozen_layer(number: int, inputs: int, outputs: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the weight `[outputs, inputs, 3, 3]` and bias `[outputs]` of a layer, the same bits everywhere."""
    fan_in = inputs * 9
    sums = _normal_sums(f"ganzoo random-features {VERSION} layer {number}", outputs * (fan_in + 1))
    filters = sums[: outputs * fan_in].reshape(outputs, fan_in)
    scale = np.full((outputs, 1), np.sqrt(2.0 / fan_in))
    if number == 0:
        half = outputs // 2
        channelwise = filters[:half].reshape(half, inputs, 9)
        filters[:half] = (9 * channelwise - channelwise.sum(2, keepdims=True)).reshape(half, fan_in)
        scale[:half] *= _FLAT_FREE_GAIN / 9.0
    weight = (filters / 65536.0) * scale
    bias = sums[outputs * fan_in :] / 65536.0 * 0.1
    return weight.astype(np.float32).reshape(outputs, inputs, 3, 3), bias.astype(np.float32)


def _normal_sums(name: str, count: int) -> NDArray[np.int64]:
    """Return `count` integers whose 65536th is nearly standard normal: twelve uniform words each (Irwin-Hall)."""
    words = np.frombuffer(hashlib.shake_256(name.encode()).digest(count * 24), dtype="<u2")
    return words.reshape(count, 12).astype(np.int64).sum(1) - 6 * 65535
