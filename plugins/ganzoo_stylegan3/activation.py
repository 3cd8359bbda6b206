"""Filtered leaky ReLU: upsampling, leaky ReLU, downsampling, so that what it adds above the band is filtered out.

Paper: StyleGAN3, arXiv:2106.12423, section 3.1 and figure 4.
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.layers import convolve
from ganzoo_stylegan3.resampling import Resampling, resample

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
        raised = F.leaky_relu_(resample(maps, self.up_filter, self.raising), SLOPE)
        if self.clamp is not None:
            # The bound is on what leaves, gain included (`conv_clamp` of the official code).
            raised = raised.clamp(-self.clamp / GAIN, self.clamp / GAIN)
        if self.down_filter.ndim == 1:
            return resample(raised, self.down_filter, self.lowering)
        channels = raised.shape[1]
        weight = self.down_filter.to(raised.dtype).expand(channels, 1, -1, -1)
        return convolve(raised, weight, stride=self.lowering.down, groups=channels)
