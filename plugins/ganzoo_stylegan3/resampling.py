"""Resampling: zeros between samples, a symmetric filter, every n-th sample kept.

Paper: StyleGAN3, arXiv:2106.12423, section 3.1.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F


class Resampling(NamedTuple):
    """How a filter goes over both axes of maps.

    Attributes:
        inputs: Samples that come in.
        outputs: Samples that leave.
        up: Samples in place of each that comes in, all but the first of them 0.
        down: Samples of which one is kept.
        before: Zeros before the first sample; negative where samples are left out.
    """

    inputs: int
    outputs: int
    up: int
    down: int
    before: int

    def transposed(self, taps: int) -> Resampling:
        """Return the resampling whose matrix is the transpose of this one's, for a symmetric filter of so many taps."""
        # Sample i met output o at tap `up i + before - down o`: up and down change places, and the tap is counted
        # from the other end.
        return Resampling(self.outputs, self.inputs, self.down, self.up, taps - 1 - self.before)


def resample(maps: Tensor, taps: Tensor, how: Resampling) -> Tensor:
    """Resample `[N, C, inputs, inputs]` to `[N, C, outputs, outputs]`; nothing of it is kept for gradients.

    Args:
        maps: What is resampled; 0 beyond its borders.
        taps: Of the filter along each axis, `[K]`, symmetric; or of both together, `[K, K]`.
        how: Where samples lie.
    """
    channels, size = maps.shape[1], len(taps)
    if taps.ndim == 2:
        both = _placed(_placed(maps, 2, size, how), 3, size, how)
        return F.conv2d(both, taps.to(maps.dtype).expand(channels, 1, -1, -1), stride=how.down, groups=channels)
    # One axis after the other costs K taps instead of K squared.
    column = taps.to(maps.dtype)[:, None].expand(channels, 1, size, 1)
    maps = F.conv2d(_placed(maps, 2, size, how), column, stride=(how.down, 1), groups=channels)
    return F.conv2d(_placed(maps, 3, size, how), column.transpose(2, 3), stride=(1, how.down), groups=channels)


def _placed(maps: Tensor, axis: int, taps: int, how: Resampling) -> Tensor:
    """Return maps with zeros between and around their samples along an axis, as far as a filter reads them."""
    length = (how.outputs - 1) * how.down + taps
    if how.up == 1 and how.before == 0 and length == maps.shape[axis]:
        return maps
    left_out = max(0, -how.before + how.up - 1) // how.up
    first = how.before + left_out * how.up
    count = min(maps.shape[axis] - left_out, (length - first + how.up - 1) // how.up)
    sizes = list(maps.shape)
    sizes[axis] = length
    # Channels last, for which depthwise convolutions on a CPU are fast.
    placed = maps.new_zeros(sizes[0], sizes[2], sizes[3], sizes[1]).permute(0, 3, 1, 2)
    spots = [slice(None)] * 4
    spots[axis] = slice(first, first + (count - 1) * how.up + 1, how.up)
    placed[tuple(spots)] = maps.narrow(axis, left_out, count)
    return placed
