"""Convolutions that double or halve the resolution in one operation: the numbers of two, but faster.

Paper: StyleGAN, arXiv:1812.04948, appendix C; ProGAN, arXiv:1710.10196.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ganzoo.layers.convolution import convolve
from ganzoo.layers.equalized import EqualizedConv2d
from ganzoo.layers.precision import full_precision


class EqualizedUpConv2d(EqualizedConv2d):
    """Nearest-neighbor upsampling, then a 3x3 convolution: `[N, inputs, H, W]` to `[N, outputs, 2H, 2W]`.

    Computed as one transposed convolution of stride 2, whose kernel is the sum of four shifted copies of the
    flipped one.
    """

    spreading: Tensor

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0, bias: float | None = 0.0) -> None:
        super().__init__(inputs, outputs, 3, gain=gain, bias=bias)
        # Turned by 180 degrees: a transposed convolution lays its kernel down as it is, a convolution reads it
        # mirrored. The scale at run time is folded in, which spares a product.
        self.register_buffer("spreading", _spreading().flip(1) * self.scale, persistent=False)

    def forward(self, images: Tensor, bias: Tensor | None = None) -> Tensor:
        """Apply the layer; a bias `[outputs]` may be handed to one that has none."""
        kernel = _spread(self.weight, self.spreading).transpose(0, 1)
        return convolve(images, kernel, self.used_bias(bias), stride=2, padding=1, transposed=True)


class EqualizedDownConv2d(EqualizedConv2d):
    """A 3x3 convolution, then the mean of 2x2 pixels: `[N, inputs, 2H, 2W]` to `[N, outputs, H, W]`.

    Computed as one convolution of stride 2, whose kernel is the mean of four shifted copies.
    """

    spreading: Tensor

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0, bias: float | None = 0.0) -> None:
        super().__init__(inputs, outputs, 3, gain=gain, bias=bias)
        # A mean of four pixels is a quarter of their sum; the scale at run time is folded in too.
        self.register_buffer("spreading", _spreading() * (self.scale / 4), persistent=False)

    def forward(self, images: Tensor, bias: Tensor | None = None) -> Tensor:
        """Apply the layer; a bias `[outputs]` may be handed to one that has none."""
        kernel = _spread(self.weight, self.spreading)
        return convolve(images, kernel, self.used_bias(bias), stride=2, padding=1)


def _spreading() -> Tensor:
    """Return the matrix `[16, 9]` that sums four copies of a 3x3 kernel, shifted by 0 or 1 each way, to one of 4x4."""
    # Along one axis: which of the three taps fall on each of the four when they are laid down at 0 and at 1.
    line = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    return (line[:, None, :, None] * line[None, :, None, :]).reshape(16, 9)


def _spread(weight: Tensor, spreading: Tensor) -> Tensor:
    """Apply it to kernels `[O, I, 3, 3]`, in their own memory order where that is channels-last: `[O, I, 4, 4]`."""
    outputs, inputs = weight.shape[:2]
    # In float32, as the weights are: rounded sums of four weights would be another kernel.
    with full_precision(weight):
        kernel = torch.matmul(spreading, weight.permute(0, 2, 3, 1).reshape(outputs, 9, inputs))
    return kernel.reshape(outputs, 4, 4, inputs).permute(0, 3, 1, 2)
