"""Filtered leaky ReLU: upsampling, leaky ReLU, downsampling, so that what it adds above the band is filtered out.

Paper: StyleGAN3, arXiv:2106.12423, section 3.1 and figure 4.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.layers import half_type
from ganzoo_stylegan3.resampling import Resampling, resample
from ganzoo_stylegan3.signs import bend_, scale_

SLOPE = 0.2  # as in all StyleGANs
GAIN = math.sqrt(2)


class FilteredLeakyReLU(nn.Module):
    """`[N, C, inputs, inputs]` to `[N, C, outputs, outputs]` through leaky ReLU 0.2 with gain sqrt(2) at a higher rate.

    Args:
        up_filter: `[K]`, sum 1.
        down_filter: `[L]` along each axis or, of both together, `[L, L]`; sum 1.
        inputs: Samples of a side that come in.
        outputs: Samples of a side that leave.
        up: Samples at the higher rate for each that comes in.
        down: Samples at the higher rate for each that leaves.
        clamp: Bound on what leaves the leaky ReLU, or None.
    """

    up_filter: Tensor
    down_filter: Tensor

    def __init__(
        self,
        up_filter: Tensor,
        down_filter: Tensor,
        *,
        inputs: int,
        outputs: int,
        up: int,
        down: int,
        clamp: float | None,
    ) -> None:
        super().__init__()
        self.clamp = clamp
        # As many samples as the second filter reads, and the first one's zeros around them: half before, so that
        # samples' centers stay where they were (the last of the zeros between two samples belongs to no sample).
        between = (outputs - 1) * down + len(down_filter)
        missing = between + len(up_filter) - 1 - inputs * up
        self.raising = Resampling(inputs, between, up, 1, (missing + up) // 2)
        self.lowering = Resampling(between, outputs, 1, down, 0)
        # Times up, since of `up` samples all but one are zeros. The gain may wait until after the leaky ReLU, and is
        # shared by two axes where the filter is separable.
        gain = math.sqrt(GAIN) if down_filter.ndim == 1 else GAIN
        self.register_buffer("up_filter", (up_filter * up).float(), persistent=False)
        self.register_buffer("down_filter", (down_filter * gain).float(), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Apply it."""
        if (half := half_type(maps)) is not None:  # autocast does not see what happens inside a Function
            maps = maps.to(half)
        # The bound is on what leaves, gain included (`conv_clamp` of the official code).
        bound = None if self.clamp is None else self.clamp / GAIN
        how = _Filters(self.up_filter, self.down_filter, self.raising, self.lowering, bound)
        if not torch.is_grad_enabled():
            raised = F.leaky_relu_(resample(maps, how.up_filter, how.raising), SLOPE)
            raised = raised if bound is None else raised.clamp(-bound, bound)
            return resample(raised, how.down_filter, how.lowering)
        activated: Tensor = _Filtered.apply(maps, how)
        return activated


class _Filters(NamedTuple):
    """What lies before the leaky ReLU, its bound, and what lies behind it."""

    up_filter: Tensor
    down_filter: Tensor
    raising: Resampling
    lowering: Resampling
    bound: float | None

    def transposed(self) -> _Filters:
        """Return the way back: the same filters, the other way round."""
        raising, lowering = self.raising, self.lowering
        return _Filters(
            self.down_filter,
            self.up_filter,
            lowering.transposed(len(self.down_filter)),
            raising.transposed(len(self.up_filter)),
            self.bound,
        )


class _Filtered(torch.autograd.Function):
    """All three steps, of which only two bits are kept for each sample at the higher rate, where floats take 32."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, how: _Filters) -> Tensor:
        raised = resample(maps, how.up_filter, how.raising).contiguous(memory_format=torch.channels_last)
        ctx.how = how
        ctx.save_for_backward(bend_(raised, SLOPE, how.bound))
        return resample(raised, how.down_filter, how.lowering)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        (signs,) = ctx.saved_tensors
        return _Scaled.apply(slope, signs, ctx.how.transposed()), None


class _Scaled(torch.autograd.Function):
    """The gradient, which is linear: filters, and slopes that are given. Its own gradient is of its kind."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, signs: Tensor, how: _Filters) -> Tensor:
        raised = resample(maps, how.up_filter, how.raising).contiguous(memory_format=torch.channels_last)
        ctx.how = how
        ctx.save_for_backward(signs)
        scale_(raised, signs, SLOPE, how.bound)
        return resample(raised, how.down_filter, how.lowering)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:
        (signs,) = ctx.saved_tensors
        return _Scaled.apply(slope, signs, ctx.how.transposed()), None, None
