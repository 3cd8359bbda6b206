"""Filtered leaky ReLU: upsampling, leaky ReLU, downsampling, so that what it adds above the band is filtered out.

Paper: StyleGAN3, arXiv:2106.12423, section 3.1 and figure 4.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.2  # as in all StyleGANs
GAIN = math.sqrt(2)
# Up to here, filters are products with dense matrices: on a CPU these are faster than depthwise convolutions, forward
# and backward (38 to 36 pixels, 32 channels, batch 32, one thread: 162 ms against 264 ms; written out as one Function
# with its derivatives, 197 ms). Their cost per pixel grows with the side, that of a filter does not.
DENSE_SIZE = 160


class Resampling(NamedTuple):
    """Geometry of one axis.

    Attributes:
        inputs: Samples that come in.
        outputs: Samples that leave.
        up: Samples at the higher rate in place of each that comes in.
        down: Samples of the higher rate of which one leaves.
        up_taps: Length of the filter after which the activation comes.
        down_taps: Length of the filter behind it.
    """

    inputs: int
    outputs: int
    up: int
    down: int
    up_taps: int
    down_taps: int

    @property
    def between(self) -> int:
        """Samples that the activation sees."""
        return (self.outputs - 1) * self.down + self.down_taps

    @property
    def before(self) -> int:
        """Zeros before the first sample at the higher rate; negative where samples are left out."""
        missing = self.between + self.up_taps - 1 - self.inputs * self.up
        # The samples' centers stay where they were: the last of the zeros between two samples belongs to no sample.
        return (missing + self.up) // 2

    @property
    def after(self) -> int:
        """Zeros behind the last one."""
        return self.between + self.up_taps - 1 - self.inputs * self.up - self.before


class FilteredLeakyReLU(nn.Module):
    """`[N, C, inputs, inputs]` to `[N, C, outputs, outputs]` through leaky ReLU 0.2 with gain sqrt(2) at a higher rate.

    Args:
        up_filter: `[up_taps]`, sum 1.
        down_filter: `[down_taps]` along each axis or, of both together, `[down_taps, down_taps]`; sum 1.
        shape: How the samples lie.
        clamp: Bound on what leaves the leaky ReLU, or None.
    """

    up_filter: Tensor
    down_filter: Tensor
    raising: Tensor | None
    lowering: Tensor | None

    def __init__(self, up_filter: Tensor, down_filter: Tensor, shape: Resampling, clamp: float | None) -> None:
        super().__init__()
        self.shape, self.clamp = shape, clamp
        self.radial = down_filter.ndim == 2
        # Times up, since of `up` samples all but one were zeros. The gain may wait until after the leaky ReLU, and is
        # shared by two axes where the filter is separable.
        up_filter = up_filter * shape.up
        down_filter = down_filter * (GAIN if self.radial else math.sqrt(GAIN))
        self.register_buffer("up_filter", up_filter.float(), persistent=False)
        self.register_buffer("down_filter", down_filter.float(), persistent=False)
        dense = max(shape.between, shape.inputs) <= DENSE_SIZE
        raising = _matrix(up_filter, shape.between, shape.inputs, shape.up, shape.before) if dense else None
        self.register_buffer("raising", raising, persistent=False)
        lowering = None
        if dense and not self.radial:
            lowering = _matrix(down_filter, shape.outputs, shape.between, 1, 0, stride=shape.down)
        self.register_buffer("lowering", lowering, persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Apply it."""
        raised = F.leaky_relu_(self._raised(maps), SLOPE)
        if self.clamp is not None:
            # The bound is on what leaves, gain included (`conv_clamp` of the official code).
            raised = raised.clamp(-self.clamp / GAIN, self.clamp / GAIN)
        return self._lowered(raised)

    def _raised(self, maps: Tensor) -> Tensor:
        if self.raising is not None:
            return _along_both(maps, self.raising)
        count, channels, height, width = maps.shape
        shape = self.shape
        if shape.up > 1:
            spread = maps.new_zeros(count, channels, height, shape.up, width, shape.up)
            spread[:, :, :, 0, :, 0] = maps
            maps = spread.reshape(count, channels, height * shape.up, width * shape.up)
        return _filtered(F.pad(maps, (shape.before, shape.after) * 2), self.up_filter, 1)

    def _lowered(self, maps: Tensor) -> Tensor:
        if self.radial:
            taps = self.down_filter.to(maps.dtype)
            return F.conv2d(maps, taps.expand(maps.shape[1], 1, -1, -1), stride=self.shape.down, groups=maps.shape[1])
        if self.lowering is not None:
            return _along_both(maps, self.lowering)
        return _filtered(maps, self.down_filter, self.shape.down)


def _along_both(maps: Tensor, matrix: Tensor) -> Tensor:
    matrix = matrix.to(maps.dtype)
    return matrix @ (maps @ matrix.t())


def _filtered(maps: Tensor, taps: Tensor, stride: int) -> Tensor:
    channels = maps.shape[1]
    weight = taps.to(maps.dtype).expand(channels, 1, 1, -1)
    maps = F.conv2d(maps, weight, stride=(1, stride), groups=channels)
    return F.conv2d(maps, weight.transpose(2, 3), stride=(stride, 1), groups=channels)


def _matrix(taps: Tensor, outputs: int, inputs: int, up: int, before: int, stride: int = 1) -> Tensor:
    """Return a filter as a matrix `[outputs, inputs]`: which tap of it meets which sample."""
    meets = torch.arange(inputs) * up + before - torch.arange(outputs)[:, None] * stride
    inside = (meets >= 0) & (meets < len(taps))
    return torch.where(inside, taps[meets.clamp(0, len(taps) - 1)], 0.0).float()
