"""Smoothing, upsampling and downsampling by small separable filters: plain PyTorch, differentiable twice.

Filters are depthwise convolutions, which are fast on channels-last images.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def fir_taps(taps: Sequence[float]) -> Tensor:
    """Return a filter's taps `[K]` with sum 1, such as of [1, 2, 1] (StyleGAN) or [1, 3, 3, 1] (StyleGAN2)."""
    values = torch.tensor(list(taps), dtype=torch.float32)
    return values / values.sum()


def fir_kernel(taps: Sequence[float]) -> Tensor:
    """Return the separable kernel `[K, K]` of a filter, with sum 1."""
    values = fir_taps(taps)
    return torch.outer(values, values)


def smooth(
    images: Tensor,
    kernel: Tensor,
    padding: tuple[int, int] | None = None,
    stride: int = 1,
    bias: Tensor | None = None,
) -> Tensor:
    """Filter `[N, C, H, W]` with a kernel `[K, K]`, borders padded by zeros.

    Args:
        images: What is filtered.
        kernel: The filter; flip it first if it is not symmetric and a convolution is meant.
        padding: Zeros before and after each axis; None keeps the side (of an even kernel, one more before).
        stride: Keep every n-th pixel of the result.
        bias: Added to the result, `[C]`.
    """
    size = kernel.shape[-1]
    before, after = padding if padding is not None else (size // 2, (size - 1) // 2)
    channels = images.shape[1]
    if before != after or before < 0:
        images, before = F.pad(images, (before, after, before, after)), 0
    weight = kernel.to(images.dtype).expand(channels, 1, size, size)
    return F.conv2d(images, weight, bias, stride=stride, padding=before, groups=channels)


def upsample(images: Tensor, kernel: Tensor) -> Tensor:
    """Double the side: a zero between any two pixels, then the filter, times 4 (StyleGAN2's `upsample2d`)."""
    surplus = kernel.shape[-1] - 1
    return smooth(_spread(images), kernel * 4, padding=((surplus + 2) // 2, surplus // 2))


def _spread(images: Tensor) -> Tensor:
    """Put a zero behind every pixel and a row of zeros below every row, channels last in memory.

    On a CPU this and a depthwise convolution are several times faster than a depthwise transposed convolution.
    """
    count, channels, height, width = images.shape
    rows = images.permute(0, 2, 3, 1).reshape(count, height, 1, width, 1, channels)
    spread = F.pad(rows, (0, 0, 0, 1, 0, 0, 0, 1)).reshape(count, 2 * height, 2 * width, channels)
    return spread.permute(0, 3, 1, 2)


def downsample(images: Tensor, kernel: Tensor) -> Tensor:
    """Halve the side: the filter, then every second pixel (StyleGAN2's `downsample2d`)."""
    surplus = kernel.shape[-1] - 2
    return smooth(images, kernel, padding=((surplus + 1) // 2, surplus // 2), stride=2)
