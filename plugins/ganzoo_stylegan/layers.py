"""Layers of the synthesis network: convolution, noise and style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu_

from ganzoo import NoiseMode
from ganzoo.layers import (
    LOWEST_RESOLUTION,
    EqualizedConv2d,
    EqualizedLinear,
    EqualizedUpConv2d,
    adaptive_instance_norm,
    add_noise,
    at_least_float32,
    fir_kernel,
    smooth,
)

GAIN = math.sqrt(2)


@dataclass(frozen=True)
class SharedSettings:
    """What all layers of a network have in common.

    Attributes:
        style_dim: W.
        norm_epsilon: Added to the variance when a map is normalized.
        style_offset: Added to the learned scale of each map.
        blur: Taps of the filter after each doubling; none if empty.
        bias_before_blur: Whether a doubling layer's bias is added before the filter.
    """

    style_dim: int
    norm_epsilon: float
    style_offset: float
    blur: Sequence[float]
    bias_before_blur: bool


class StyledLayer(nn.Module):
    """A convolution, then noise, bias, leaky ReLU 0.2, instance normalization and style, in this order.

    Paper: StyleGAN, arXiv:1812.04948, figure 1 and appendix C; the order is the official code's.

    Args:
        inputs: Channels of the input; None for a layer without convolution, whose input is the constant.
        outputs: Channels C of the output.
        resolution: Of the output.
        doubles: Whether the convolution doubles the resolution.
        shared: What all layers share.
    """

    noise_const: Tensor
    kernel: Tensor | None

    def __init__(
        self, inputs: int | None, outputs: int, resolution: int, *, doubles: bool, shared: SharedSettings
    ) -> None:
        super().__init__()
        self.convolution: EqualizedConv2d | None = None
        if inputs is not None and doubles:
            # The bias is added after the filter, so no convolution has one of its own.
            self.convolution = EqualizedUpConv2d(inputs, outputs, gain=GAIN, bias=None)
        elif inputs is not None:
            self.convolution = EqualizedConv2d(inputs, outputs, 3, gain=GAIN, bias=None)
        self.bias = nn.Parameter(torch.zeros(outputs))
        # 0 at first, as in the official code: training decides how much noise there is.
        self.noise_weight = nn.Parameter(torch.zeros(outputs))
        # "A": a scale and a shift for each map (section 2, figure 1), without activation, so of gain 1.
        self.style = EqualizedLinear(shared.style_dim, 2 * outputs)
        self.shared = shared
        self.register_buffer("noise_const", torch.randn(1, 1, resolution, resolution))
        self.register_buffer("kernel", fir_kernel(shared.blur) if doubles and shared.blur else None, persistent=False)

    def forward(self, features: Tensor, style: Tensor, noise: NoiseMode) -> Tensor:
        """Map `[N, inputs, ...]` and the layer's style `[N, W]` to `[N, C, r, r]`."""
        features = add_noise(self._convolved(features), self.noise_weight, self.noise_const, noise)
        # AdaIN, equation 1. Scales are learned around 0 and used around 1: the offset is the official code's.
        scale, shift = at_least_float32(self.style(style)).chunk(2, dim=1)
        return adaptive_instance_norm(
            leaky_relu_(features, 0.2), scale + self.shared.style_offset, shift, self.shared.norm_epsilon
        )

    def _convolved(self, features: Tensor) -> Tensor:
        """Apply the convolution, the filter and the bias."""
        if self.convolution is None:
            return features + self.bias[:, None, None].to(features.dtype)
        # The official filter comes before the bias; some copies have it after.
        before = self.kernel is None or self.shared.bias_before_blur
        features = self.convolution(features, self.bias if before else None)
        if self.kernel is None:
            return features
        return smooth(features, self.kernel, bias=None if before else self.bias.to(features.dtype))


class Start(nn.Module):
    """What the network begins with: `[N, W]` to `[N, C, 4, 4]`.

    Args:
        kind: `constant`, a learned map that is 1 at first; `normal`, one that is N(0, 1) at first; `dense`, a
            learned linear function of the first layer's style.
        style_dim: W.
        outputs: C.
    """

    def __init__(self, kind: str, style_dim: int, outputs: int) -> None:
        super().__init__()
        self.constant: nn.Parameter | None = None
        self.dense: EqualizedLinear | None = None
        if kind == "dense":
            # The official gain of a first dense layer: sqrt(2) / 4, as in ProGAN.
            self.dense = EqualizedLinear(style_dim, outputs * LOWEST_RESOLUTION**2, gain=GAIN / 4, bias=None)
        else:
            # Ones are the official code's; N(0, 1) is a copy's, and StyleGAN2's.
            make = torch.ones if kind == "constant" else torch.randn
            self.constant = nn.Parameter(make(1, outputs, LOWEST_RESOLUTION, LOWEST_RESOLUTION))

    def forward(self, style: Tensor) -> Tensor:
        """Return the features for a batch of styles."""
        if self.dense is not None:
            return self.dense(style).unflatten(1, (-1, LOWEST_RESOLUTION, LOWEST_RESOLUTION))
        assert self.constant is not None
        return self.constant.expand(style.shape[0], -1, -1, -1)


class StyledBlock(nn.Module):
    """Two styled layers at one resolution: `[N, inputs, H, W]` and styles `[N, 2, W]` to `[N, outputs, r, r]`.

    Args:
        inputs: Channels of the input; None for the block at 4x4, which begins with the start.
        outputs: Channels of the output.
        resolution: Of the output.
        shared: What all layers share.
    """

    def __init__(self, inputs: int | None, outputs: int, resolution: int, shared: SharedSettings) -> None:
        super().__init__()
        self.first = StyledLayer(inputs, outputs, resolution, doubles=inputs is not None, shared=shared)
        self.second = StyledLayer(outputs, outputs, resolution, doubles=False, shared=shared)

    def forward(self, features: Tensor, styles: Tensor, noise: NoiseMode) -> Tensor:
        """Apply both layers."""
        return self.second(self.first(features, styles[:, 0], noise), styles[:, 1], noise)
