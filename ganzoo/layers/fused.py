"""Convolutions that double or halve the side in one operation: the numbers of two, but faster.

Paper: StyleGAN, arXiv:1812.04948, appendix C; ProGAN, arXiv:1710.10196.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from ganzoo.layers.equalized import EqualizedConv2d


class EqualizedUpConv2d(EqualizedConv2d):
    """Nearest-neighbour upsampling, then a 3x3 convolution: `[N, inputs, H, W]` to `[N, outputs, 2H, 2W]`.

    Computed as one transposed convolution of stride 2, whose kernel is the sum of four shifted copies of the
    flipped one.
    """

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0, bias: float | None = 0.0) -> None:
        super().__init__(inputs, outputs, 3, gain=gain, bias=bias)

    def forward(self, images: Tensor, bias: Tensor | None = None) -> Tensor:
        """Apply the layer; a bias `[outputs]` may be handed to one that has none."""
        kernel = spread(self.scaled_weight().flip(2, 3)).transpose(0, 1)
        return F.conv_transpose2d(images, kernel, self.used_bias(bias), stride=2, padding=1)


class EqualizedDownConv2d(EqualizedConv2d):
    """A 3x3 convolution, then the mean of 2x2 pixels: `[N, inputs, 2H, 2W]` to `[N, outputs, H, W]`.

    Computed as one convolution of stride 2, whose kernel is the mean of four shifted copies.
    """

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0, bias: float | None = 0.0) -> None:
        super().__init__(inputs, outputs, 3, gain=gain, bias=bias)

    def forward(self, images: Tensor, bias: Tensor | None = None) -> Tensor:
        """Apply the layer; a bias `[outputs]` may be handed to one that has none."""
        return F.conv2d(images, spread(self.scaled_weight()) / 4, self.used_bias(bias), stride=2, padding=1)


def spread(kernel: Tensor) -> Tensor:
    """Return the sum of four copies of kernels `[.., K, K]`, shifted by 0 or 1 each way: `[.., K + 1, K + 1]`."""
    rows = F.pad(kernel, (0, 0, 0, 1)) + F.pad(kernel, (0, 0, 1, 0))
    return F.pad(rows, (0, 1)) + F.pad(rows, (1, 0))
