"""Layers of both R3GAN networks: convolutions without normalization, and their residual block."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from ganzoo.layers import convolve
from ganzoo_r3gan.shape import R3GANOptions, StageShape

SLOPE = 0.2  # of the leaky ReLUs: the authors' code
# Keeps the mean square of what passes a leaky ReLU of this slope (He et al., arXiv:1502.01852, equation 15).
_ACTIVATION_GAIN = math.sqrt(2 / (1 + SLOPE**2))
# 1x1, grouped 3x3, 1x1 (figure 3 of the paper).
_LAYERS_PER_BLOCK = 3


def drawn(*shape: int, gain: float = 1.0) -> nn.Parameter:
    """Return weights `[O, ...]` drawn from N(0, gain^2 / fan-in); the fan-in is all but the first axis.

    Zero weights where the gain is 0.
    """
    return nn.Parameter(torch.randn(shape) * (gain / math.sqrt(math.prod(shape[1:]))))


class Convolution(nn.Module):
    """A convolution that keeps the size, `[N, inputs, H, W]` to `[N, outputs, H, W]`; with a leaky ReLU if biased."""

    def __init__(
        self, inputs: int, outputs: int, size: int = 1, *, gain: float = 1.0, groups: int = 1, biased: bool = False
    ) -> None:
        super().__init__()
        self.weight = drawn(outputs, inputs // groups, size, size, gain=gain)
        # A bias stands in front of an activation only: where there is none, the network is linear (authors' code).
        self.bias = nn.Parameter(torch.zeros(outputs)) if biased else None
        self.groups = groups

    def forward(self, images: Tensor) -> Tensor:
        padding = self.weight.shape[-1] // 2
        result = convolve(images, self.weight, self.bias, padding=padding, groups=self.groups)
        return result if self.bias is None else leaky_relu(result, SLOPE)


class ResidualBlock(nn.Module):
    """A bottleneck turned inside out: 1x1 to more channels, grouped 3x3, 1x1 back, added to what came in.

    Nothing is normalized. The last weights begin at zero and the others shrink with the number of blocks, so that a
    deep network begins as its linear parts (fix-up initialization, arXiv:1901.09321, as the paper takes it over).

    Args:
        shape: Of its stage.
        expansion: Channels inside, in multiples of those that come in and go out.
        total: Residual blocks of the whole network (the L of fix-up).
    """

    def __init__(self, shape: StageShape, expansion: int, total: int) -> None:
        super().__init__()
        channels, inner = shape.channels, shape.channels * expansion
        # L^(-1 / (2 m - 2)) for m layers in a branch (arXiv:1901.09321, section 3).
        gain = _ACTIVATION_GAIN * total ** (-1 / (2 * _LAYERS_PER_BLOCK - 2))
        self.widen = Convolution(channels, inner, gain=gain, biased=True)
        self.mix = Convolution(inner, inner, 3, gain=gain, groups=shape.groups, biased=True)
        self.narrow = Convolution(inner, channels, gain=0.0)

    def forward(self, features: Tensor) -> Tensor:
        branch: Tensor = self.narrow(self.mix(self.widen(features)))
        return features + branch


def residual_blocks(shape: StageShape, options: R3GANOptions, total: int) -> nn.Sequential:
    """Return the blocks of one resolution; `total` counts those of the whole network."""
    return nn.Sequential(*(ResidualBlock(shape, options.expansion, total) for _ in range(shape.blocks)))


def transition(inputs: int, outputs: int) -> nn.Module:
    """Return the 1x1 convolution between two resolutions of different width, or nothing between equal ones."""
    return nn.Identity() if inputs == outputs else Convolution(inputs, outputs)
