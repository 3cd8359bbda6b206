"""Layers with an equalized learning rate: weights are drawn from N(0, 1) and scaled when they are used.

Paper: ProGAN, arXiv:1710.10196, section 4.1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.layers.convolution import convolve


class EqualizedLinear(nn.Module):
    """`[..., inputs]` to `[..., outputs]`, the weight scaled at run time to deviation gain / sqrt(inputs).

    Args:
        inputs: Size of the input.
        outputs: Size of the output.
        gain: sqrt(2) where a leaky ReLU follows, 1 where nothing does.
        lr_multiplier: Factor on the learning rate of weight and bias (0.01 in StyleGAN's mapping): both are stored
            divided by it, and multiplied by it when used.
        bias: The bias at the start, or None for a layer without one.
        bias_gain: Factor on the bias when it is used: the gain of an activation that was folded into this layer.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        gain: float = 1.0,
        lr_multiplier: float = 1.0,
        bias: float | None = 0.0,
        bias_gain: float = 1.0,
    ) -> None:
        super().__init__()
        # Stored large and used small: Adam moves every weight by about its learning rate, whatever its size, so a
        # factor at run time is a factor on how fast the function changes (section 4.1).
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / lr_multiplier)
        self.bias = None if bias is None else nn.Parameter(torch.full((outputs,), bias / lr_multiplier))
        # The constant of He et al., arXiv:1502.01852: the output keeps the deviation of the input.
        self.scale = gain * lr_multiplier / math.sqrt(inputs)
        self.bias_scale = bias_gain * lr_multiplier

    def forward(self, inputs: Tensor) -> Tensor:
        """Apply the layer."""
        return F.linear(inputs, self.scaled_weight(), _scaled(self.bias, self.bias_scale))

    def scaled_weight(self) -> Tensor:
        """Return the weight as it is used."""
        return self.weight * self.scale


class EqualizedConv2d(nn.Module):
    """Convolution `[N, inputs, H, W]` to `[N, outputs, H, W]`, the weight scaled at run time.

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output.
        kernel: Size of the kernel, odd.
        gain: sqrt(2) where a leaky ReLU follows, 1 where nothing does.
        bias: The bias at the start, or None for a layer without one.
        bias_gain: Factor on the bias when it is used: the gain of an activation that was folded into this layer.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        gain: float = 1.0,
        bias: float | None = 0.0,
        bias_gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = None if bias is None else nn.Parameter(torch.full((outputs,), bias))
        # As above; the fan-in of a convolution counts the pixels of its kernel.
        self.scale = gain / math.sqrt(inputs * kernel**2)
        self.bias_scale = bias_gain
        self.padding = kernel // 2

    def forward(self, images: Tensor, bias: Tensor | None = None) -> Tensor:
        """Apply the layer; a bias `[outputs]` may be handed to one that has none."""
        return convolve(images, self.scaled_weight(), self.used_bias(bias), padding=self.padding)

    def scaled_weight(self) -> Tensor:
        """Return the weight as it is used, `[outputs, inputs, kernel, kernel]`."""
        return self.weight * self.scale

    def scaled_bias(self) -> Tensor | None:
        """Return the bias as it is used, `[outputs]`, or None."""
        return _scaled(self.bias, self.bias_scale)

    def used_bias(self, given: Tensor | None) -> Tensor | None:
        """Return the bias that was given, or else the layer's own."""
        return self.scaled_bias() if given is None else given


def _scaled(bias: Tensor | None, scale: float) -> Tensor | None:
    # A factor of 1 is left out: it would be one more pass, and one more node of the graph.
    return bias if bias is None or scale == 1.0 else bias * scale
