"""FIR filter as a kernel in Triton; imported only where there is a GPU.

Bound by memory: what is read comes from far memory once, and the result is written once. Sums are in float32 (float64
of float64).
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

_TILE = 2048  # elements that one program computes: sixteen for each thread of its four warps
_LIFT = 4096  # keeps positive what is divided: division rounds towards 0 there, and the floor is meant


@triton.jit(do_not_specialize=["height", "width", "new_height", "new_width", "across", "before"])
def _resample_kernel(
    images, kernel, result, channels, height, width, new_height, new_width, across, before,
    image_n, image_c, image_y, image_x, result_n, result_c, result_y, result_x,
    SIZE: tl.constexpr, UP: tl.constexpr, DOWN: tl.constexpr, FLIPPED: tl.constexpr, LIFT: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, CHANNELS: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    # A program has a rectangle of pixels and some channels, so that a pixel that many outputs read comes from far
    # memory once.
    tile, image = tl.program_id(0), tl.program_id(2).to(tl.int64)
    pixel = tl.arange(0, ROWS * COLUMNS)
    y = (tile // across) * ROWS + pixel // COLUMNS
    x = (tile % across) * COLUMNS + pixel % COLUMNS
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    # Where the window begins, counted with the zeros between pixels, and the first pixel that it holds.
    top, left = y * DOWN - before, x * DOWN - before
    first_y = (top + UP - 1 + UP * LIFT) // UP - LIFT
    first_x = (left + UP - 1 + UP * LIFT) // UP - LIFT
    total = tl.zeros((ROWS * COLUMNS, CHANNELS), dtype=SUM)
    # Of the taps along an axis, every UP-th alone meets a pixel; the others meet zeros.
    for row in tl.static_range((SIZE + UP - 1) // UP):
        for column in tl.static_range((SIZE + UP - 1) // UP):
            from_y, from_x = first_y + row, first_x + column
            tap_y, tap_x = from_y * UP - top, from_x * UP - left
            meets = (from_y >= 0) & (from_y < height) & (from_x >= 0) & (from_x < width)
            meets = meets & (tap_y < SIZE) & (tap_x < SIZE)
            tap = tap_y * SIZE + tap_x
            if FLIPPED:
                tap = SIZE * SIZE - 1 - tap
            weight = tl.load(kernel + tap, mask=meets, other=0.0).to(SUM)
            read = (from_y * image_y + from_x * image_x)[:, None] + (channel * image_c)[None, :]
            there = meets[:, None] & (channel < channels)[None, :]
            value = tl.load(images + image * image_n + read, mask=there, other=0.0)
            total += value.to(SUM) * weight[:, None]
    written = (y * result_y + x * result_x)[:, None] + (channel * result_c)[None, :]
    inside = ((y < new_height) & (x < new_width))[:, None] & (channel < channels)[None, :]
    tl.store(result + image * result_n + written, total.to(result.dtype.element_ty), mask=inside)


def resample(
    images: Tensor, kernel: Tensor, *, up: int, down: int, before: int, size: tuple[int, int], flipped: bool
) -> Tensor:
    """Return images with zeros put between, filtered, and every `down`-th pixel kept: `[N, C, *size]`.

    Args:
        images: `[N, C, H, W]`, with any strides; the result is channels-last if they are.
        kernel: `[K, K]`.
        up: Pixels, with the zeros, in place of each.
        down: Pixels in place of which one is kept.
        before: Zeros before the first row and column; negative to leave some out.
        size: Rows and columns of the result, beyond what was read with zeros too.
        flipped: Whether the kernel is read from its last tap to its first.
    """
    count, channels, height, width = images.shape
    last = channels > 1 and images.stride(1) == 1
    order = torch.channels_last if last else torch.contiguous_format
    result = torch.empty((count, channels, *size), dtype=images.dtype, device=images.device, memory_format=order)
    if not result.numel():
        return result
    # Along the axis that is dense in memory, what one instruction reads lies together.
    block = min(triton.next_power_of_2(channels), 32) if last else 1
    columns = 128 if not last else 8 if block == 32 else 32
    rows = _TILE // (block * columns)
    across = triton.cdiv(size[1], columns)
    _resample_kernel[triton.cdiv(size[0], rows) * across, triton.cdiv(channels, block), count](
        images, kernel.contiguous(), result, channels, height, width, *size, across, before,
        *images.stride(), *result.stride(),
        SIZE=kernel.shape[-1], UP=up, DOWN=down, FLIPPED=flipped, LIFT=_LIFT,
        ROWS=rows, COLUMNS=columns, CHANNELS=block, SUM=tl.float64 if images.dtype == torch.float64 else tl.float32,
    )  # fmt: skip
    return result
