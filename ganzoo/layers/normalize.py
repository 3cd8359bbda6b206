"""Normalisation without learned parameters."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def pixel_norm(values: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Scale `[N, C, ...]` so that the mean square over C is 1 (ProGAN, arXiv:1710.10196, section 4.2).

    Computed in float32; the result has the input's type.
    """
    mean_square = values.float().square().mean(dim=1, keepdim=True)
    return values * torch.rsqrt(mean_square + epsilon).to(values.dtype)


def instance_norm(values: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Bring each channel of each image of `[N, C, H, W]` to mean 0 and biased variance 1 (as AdaIN does first).

    The epsilon is the official StyleGAN's. Computed in float32; the result has the input's type.
    """
    variance, mean = torch.var_mean(values.float(), dim=(2, 3), correction=0, keepdim=True)
    return (values - mean.to(values.dtype)) * torch.rsqrt(variance + epsilon).to(values.dtype)


def adaptive_instance_norm(values: Tensor, scale: Tensor, shift: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Return `instance_norm(values) * scale + shift` in one pass, scale and shift `[N, C]` (AdaIN).

    Computed in float32; the result has the input's type.
    """
    precise = values.float()
    variance, mean = torch.var_mean(precise, dim=(2, 3), correction=0)
    factor = scale.float() * torch.rsqrt(variance + epsilon)
    offset = shift.float() - mean * factor
    return torch.addcmul(offset[:, :, None, None], precise, factor[:, :, None, None]).to(values.dtype)


class MinibatchStd(nn.Module):
    """Append how much images of a group differ, as one more constant feature map: `[N, C, H, W]` to `[N, C + 1, H, W]`.

    Image i is grouped with those at i + N / group * k, as in the official code. A batch that `group` does not divide
    is split in the largest groups that do.

    Paper: ProGAN, arXiv:1710.10196, section 3; the grouping and the epsilon 1e-8 are the official code's.

    Args:
        group: Images per group; 0 takes the whole batch.
    """

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group = group

    def forward(self, features: Tensor) -> Tensor:
        """Append the map."""
        count, _, height, width = features.shape
        limit = min(self.group or count, count)
        size = next(size for size in range(limit, 0, -1) if count % size == 0)
        grouped = features.float().reshape(size, count // size, -1)
        deviation = (grouped.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=1)
        appended = deviation.to(features.dtype).repeat(size).reshape(count, 1, 1, 1).expand(-1, -1, height, width)
        return torch.cat([features, appended], dim=1)
