"""Smoothing, upsampling and downsampling by small separable filters, differentiable twice.

Filters are depthwise convolutions, which are fast on channels-last images, or one kernel on a GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ganzoo.layers.convolution import convolve
from ganzoo.layers.fir import Geometry, filtered, filters_fit


def fir_taps(taps: Sequence[float]) -> Tensor:
    """Return a filter's taps `[K]` with sum 1, such as of [1, 2, 1] (StyleGAN) or [1, 3, 3, 1] (StyleGAN2)."""
    values = torch.tensor(list(taps), dtype=torch.float32)
    return values / values.sum()


def fir_kernel(taps: Sequence[float]) -> Tensor:
    """Return the separable kernel `[K, K]` of a filter, with sum 1."""
    values = fir_taps(taps)
    # The outer product of one row of taps: as smooth along y as along x.
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
        padding: Zeros before and after each axis; None keeps the size (of an even kernel, one more before).
        stride: Keep every n-th pixel of the result.
        bias: Added to the result, `[C]`.
    """
    size = kernel.shape[-1]
    before, after = padding if padding is not None else (size // 2, (size - 1) // 2)
    channels = images.shape[1]
    if filters_fit(images, kernel):
        height, width = ((extent + before + after - size) // stride + 1 for extent in images.shape[2:])
        maps = filtered(images, kernel, Geometry(1, stride, before, height, width))
        return maps if bias is None else maps + bias.to(maps.dtype)[:, None, None]
    # A convolution pads alike on both ends; anything else is padded (or cropped) by hand.
    if before != after or before < 0:
        images, before = F.pad(images, (before, after, before, after)), 0
    weight = kernel.to(images.dtype).expand(channels, 1, size, size)
    # With a remainder, the last pixels would be read by no window, and the gradient below would miss them.
    even = all((extent - size) % 2 == 0 for extent in images.shape[2:])
    if stride == 2 and bias is None and even and before < size and torch.is_grad_enabled() and _in_half(images):
        return _StridedFilter.apply(images, weight, before)
    return convolve(images, weight, bias, stride=stride, padding=before, groups=channels)


def upsample(images: Tensor, kernel: Tensor) -> Tensor:
    """Double the resolution: a zero between any two pixels, then the filter, times 4 (StyleGAN2's `upsample2d`)."""
    # Times 4, since three of every four pixels are the zeros put between.
    size = kernel.shape[-1]
    edge = (size + 1) // 2
    if filters_fit(images, kernel):
        height, width = (2 * (extent + edge) - size for extent in images.shape[2:])
        return filtered(images, kernel * 4, Geometry(2, 1, edge, height, width))
    return smooth(_spread(images), kernel * 4, padding=(edge, edge))


def _in_half(images: Tensor) -> bool:
    """Return whether a convolution of these images computes in half precision, for which PyTorch has other kernels."""
    device = images.device.type
    return images.dtype.itemsize == 2 or (device != "meta" and torch.is_autocast_enabled(device))


def _spread(images: Tensor) -> Tensor:
    """Put a zero between any two pixels of `[N, C, H, W]`: `[N, C, 2H - 1, 2W - 1]`, channels last in memory.

    On a CPU this and a depthwise convolution are several times faster than a depthwise transposed convolution.
    """
    if torch.is_grad_enabled() and images.requires_grad:
        return _Spread.apply(images)
    count, channels, height, width = images.shape
    # Made channels-last and seen as channels-first, so that what follows needs no copy.
    spread = images.new_zeros(count, 2 * height - 1, 2 * width - 1, channels).permute(0, 3, 1, 2)
    spread[:, :, ::2, ::2] = images
    return spread


class _Spread(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor) -> Tensor:
        return _spread(images)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        return slope[:, :, ::2, ::2]


class _StridedFilter(torch.autograd.Function):
    """A filter of stride 2, `weight` `[C, 1, K, K]`; its gradient is the flipped filter of the spread slope.

    PyTorch's own gradient is ten times slower in bfloat16, and again when it is differentiated; in float32 it is not.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, padding: int) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.padding = padding
        return F.conv2d(images, weight, stride=2, padding=padding, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:
        (weight,) = ctx.saved_tensors
        spread = _spread(slope)
        # A transposed convolution is the flipped filter over the spread slope, with the complementary padding.
        padding = weight.shape[-1] - 1 - ctx.padding
        return convolve(spread, weight.flip(2, 3), padding=padding, groups=len(weight)), None, None


def downsample(images: Tensor, kernel: Tensor) -> Tensor:
    """Halve the resolution: the filter, then every second pixel (StyleGAN2's `downsample2d`)."""
    # The filter first: what a coarser grid cannot hold would come back as false low frequencies.
    surplus = kernel.shape[-1] - 2
    return smooth(images, kernel, padding=((surplus + 1) // 2, surplus // 2), stride=2)
