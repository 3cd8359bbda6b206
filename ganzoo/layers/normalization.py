"""Normalization without learned parameters."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.layers.precision import at_least_float32
from ganzoo.layers.ranks import Ranks, all_rows, batch_ranks


def pixel_norm(values: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Scale `[N, C, ...]` so that the mean square over C is 1 (ProGAN, arXiv:1710.10196, section 4.2).

    The mean square is computed in float32; the result has the input's type.
    """
    # The epsilon is that of the paper (section 4.2) and of all official codes.
    return _PixelNorm.apply(values, epsilon)


def instance_norm(values: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Bring each channel of each image of `[N, C, H, W]` to mean 0 and biased variance 1 (as AdaIN does first).

    The epsilon is the official StyleGAN's. Computed in float32; the result has the input's type.
    """
    scale = values.new_ones(values.shape[:2], dtype=torch.float32)
    return adaptive_instance_norm(values, scale, torch.zeros_like(scale), epsilon)


def adaptive_instance_norm(values: Tensor, scale: Tensor, shift: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Return `instance_norm(values) * scale + shift`, scale and shift `[N, C]` (AdaIN).

    Computed in float32; the result has the input's type.
    """
    style = (at_least_float32(scale)[:, :, None, None], at_least_float32(shift)[:, :, None, None])
    return _AdaptiveNorm.apply(at_least_float32(values), *style, epsilon).to(values.dtype)


class _PixelNorm(torch.autograd.Function):
    """Its gradient written out: a few passes over the values instead of a dozen. Differentiable any number of times."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, epsilon: float) -> Tensor:
        inverse = _inverse_length(values, epsilon)
        ctx.save_for_backward(values, inverse)
        ctx.epsilon = epsilon
        return values * inverse

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        values, inverse = ctx.saved_tensors
        if torch.is_grad_enabled():  # the saved one does not depend on the values
            inverse = _inverse_length(values, ctx.epsilon)
        # The part of the slope along the vector: normalizing forgets the length, so no gradient remains there.
        along = (slope * values).mean(dim=1, keepdim=True) * inverse.square()
        return torch.addcmul(slope, values, along, value=-1) * inverse, None


def _inverse_length(values: Tensor, epsilon: float) -> Tensor:
    mean_square = at_least_float32(values).square().mean(dim=1, keepdim=True)
    return torch.rsqrt(mean_square + epsilon).to(values.dtype)


class _AdaptiveNorm(torch.autograd.Function):
    """Its gradient written out, as above; scale and shift are `[N, C, 1, 1]`."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, scale: Tensor, shift: Tensor, epsilon: float) -> Tensor:
        # Float32 throughout: a variance is a small difference of large squares.
        mean, inverse = _moments(values, epsilon)
        ctx.save_for_backward(values, scale, mean, inverse)
        ctx.epsilon = epsilon
        # Normalization and style as one affine map per channel, so that the features are passed over once.
        factor = scale * inverse
        return torch.addcmul(shift - mean * factor, values, factor)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        values, scale, mean, inverse = ctx.saved_tensors
        if torch.is_grad_enabled():  # the saved ones do not depend on the values
            mean, inverse = _moments(values, ctx.epsilon)
        # The gradient of an affine map whose mean and deviation depend on the values: what falls along the constant and
        # along the values themselves is taken away.
        centered = values - mean
        shift_slope = slope.sum(dim=(2, 3), keepdim=True)
        scale_slope = (slope * centered).sum(dim=(2, 3), keepdim=True) * inverse
        pixels, factor = values.shape[2] * values.shape[3], scale * inverse
        along = torch.addcmul(slope, centered, scale_slope * inverse / -pixels)
        return torch.addcmul(shift_slope * factor / -pixels, along, factor), scale_slope, shift_slope, None


def _moments(values: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """Return mean and inverse deviation `[N, C, 1, 1]`; `var_mean` is many times slower on channels-last images."""
    # Two passes: the one-pass formula E[x^2] - E[x]^2 cancels where a mean is far from 0.
    mean = values.mean(dim=(2, 3), keepdim=True)
    variance = (values - mean).square().mean(dim=(2, 3), keepdim=True)
    return mean, torch.rsqrt(variance + epsilon)


class MinibatchStd(nn.Module):
    """Append how much images of a group differ, as constant feature maps: `[N, C, H, W]` to `[N, C + maps, H, W]`.

    Image i is grouped with those at i + N / group * k, as in the official code. A batch that `group` does not divide
    is split in the largest groups that do.

    Paper: ProGAN, arXiv:1710.10196, section 3; the grouping and the epsilon 1e-8 are the official code's.

    Args:
        group: Images per group; 0 takes the whole batch.
        maps: Maps that are appended, each the mean over its share of the channels, which they divide.
    """

    def __init__(self, group: int = 4, maps: int = 1) -> None:
        super().__init__()
        self.group, self.maps = group, maps

    def forward(self, features: Tensor) -> Tensor:
        """Append the map."""
        height, width = features.shape[2:]
        ranks = batch_ranks()
        count = len(features) * ranks.size
        # The largest group that divides the batch, so that the last batch of an evaluation is judged too.
        limit = min(self.group or count, count)
        size = next(size for size in range(limit, 0, -1) if count % size == 0)
        # Images of a group lie N / size apart, so a process of W holds whole groups where W divides that.
        whole = count // size % ranks.size == 0
        deviation = self._deviation(features, size) if whole else self._gathered(features, size, ranks)
        # One number per group and map, the same for all images of a group and all pixels.
        appended = deviation.to(features.dtype)[:, :, None, None].expand(-1, -1, height, width)
        return torch.cat([features, appended], dim=1)

    def _deviation(self, features: Tensor, size: int) -> Tensor:
        """Return the numbers `[N, maps]` of groups of this size."""
        # Reshaped as the official code does it: rows of one group lie N / size apart. Float32 at least, since squares
        # of small deviations vanish in bfloat16.
        grouped = at_least_float32(features).reshape(size, len(features) // size, self.maps, -1)
        return (grouped.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=2).repeat(size, 1)

    def _gathered(self, features: Tensor, size: int, ranks: Ranks) -> Tensor:
        return ranks.own(self._deviation(all_rows(features), size))
