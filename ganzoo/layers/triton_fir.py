"""FIR filter as kernels in Triton; imported only where there is a GPU.

Bound by memory: a program goes down some columns row by row and keeps the rows that are not yet whole in registers, so
that each row is read once and each result written once. Sums are in float32 (float64 of float64).
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

_TILE = 1024  # pixels times channels of a row that one program has: eight for each thread of its four warps
_STEPS = 16  # rows that one program reads beyond those that it shares with the program above
_LIFT = 4096  # keeps positive what is divided: division rounds towards 0 there, and the floor is meant
_NOT_SPECIALIZED = ["height", "width", "new_height", "new_width", "across", "before", "first"]


@triton.jit(do_not_specialize=_NOT_SPECIALIZED)
def _down_kernel(
    images, kernel, result, channels, height, width, new_height, new_width, across, before, first,
    image_n, image_c, image_y, image_x, result_n, result_c, result_y, result_x,
    SIZE: tl.constexpr, DOWN: tl.constexpr, FLIPPED: tl.constexpr, STEPS: tl.constexpr,
    PIXELS: tl.constexpr, CHANNELS: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    ROWS: tl.constexpr = (SIZE + DOWN - 1) // DOWN  # of the result that a row of the images takes part in
    row, image = first + (tl.program_id(0) // across) * STEPS, tl.program_id(2).to(tl.int64)
    x = (tl.program_id(0) % across) * PIXELS + tl.arange(0, PIXELS)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    images += image * image_n
    result += image * result_n
    inside = (x < new_width)[:, None] & (channel < channels)[None, :]
    taps = _taps(kernel, SIZE, FLIPPED, SUM)
    zero = tl.zeros((PIXELS, CHANNELS), dtype=SUM)
    sums = (zero,) * ROWS
    for step in range(STEPS + ROWS - 1):
        for phase in tl.static_range(DOWN):
            y = (row + step) * DOWN - before + phase
            values = ()
            for column in tl.static_range(SIZE):
                from_x = x * DOWN - before + column
                there = ((from_x >= 0) & (from_x < width) & (y >= 0) & (y < height))[:, None]
                read = (y * image_y + from_x * image_x)[:, None] + (channel * image_c)[None, :]
                there = there & (channel < channels)[None, :]
                values = values + (tl.load(images + read, mask=there, other=0.0).to(SUM),)
            sums = _down_sums(sums, values, taps, phase, SIZE, DOWN, ROWS)
        # The oldest row has now met its last tap.
        done = row + step - (ROWS - 1)
        written = (done * result_y + x * result_x)[:, None] + (channel * result_c)[None, :]
        whole = inside & (step >= ROWS - 1) & (done < new_height)
        tl.store(result + written, sums[0].to(result.dtype.element_ty), mask=whole)
        sums = sums[1:] + (zero,)


@triton.jit
def _taps(kernel, SIZE: tl.constexpr, FLIPPED: tl.constexpr, SUM: tl.constexpr):
    taps = ()
    for tap in tl.static_range(SIZE * SIZE):
        taps = taps + (tl.load(kernel + (SIZE * SIZE - 1 - tap if FLIPPED else tap)).to(SUM),)
    return taps


@triton.jit
def _down_sums(sums, values, taps, phase, SIZE: tl.constexpr, DOWN: tl.constexpr, ROWS: tl.constexpr):
    new = ()
    for row in tl.static_range(ROWS):
        total = sums[row]
        if phase + DOWN * (ROWS - 1 - row) < SIZE:
            for column in tl.static_range(SIZE):
                total += values[column] * taps[(phase + DOWN * (ROWS - 1 - row)) * SIZE + column]
        new = new + (total,)
    return new


@triton.jit(do_not_specialize=_NOT_SPECIALIZED)
def _up_kernel(
    images, kernel, result, channels, height, width, new_height, new_width, across, before, first,
    image_n, image_c, image_y, image_x, result_n, result_c, result_y, result_x,
    SIZE: tl.constexpr, UP: tl.constexpr, FLIPPED: tl.constexpr, LIFT: tl.constexpr, STEPS: tl.constexpr,
    PIXELS: tl.constexpr, CHANNELS: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    MET: tl.constexpr = (SIZE + UP - 1) // UP  # pixels along an axis that a window holds; the rest of it is zeros
    row, image = first + (tl.program_id(0) // across) * STEPS, tl.program_id(2).to(tl.int64)
    x = (tl.program_id(0) % across) * PIXELS + tl.arange(0, PIXELS)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    images += image * image_n
    result += image * result_n
    inside = (x < new_width)[:, None] & (channel < channels)[None, :]
    # The first pixel in the window of each column, and the tap that meets it.
    left = (x - before + UP - 1 + UP * LIFT) // UP - LIFT
    taps = _up_taps(kernel, left * UP - (x - before), SIZE, UP, FLIPPED, SUM)
    zero = tl.zeros((PIXELS, CHANNELS), dtype=SUM)
    sums = (zero,) * (UP * MET)
    for step in range(STEPS + MET - 1):
        y = row + step
        values = ()
        for column in tl.static_range(MET):
            there = ((left + column >= 0) & (left + column < width) & (y >= 0) & (y < height))[:, None]
            read = (y * image_y + (left + column) * image_x)[:, None] + (channel * image_c)[None, :]
            there = there & (channel < channels)[None, :]
            values = values + (tl.load(images + read, mask=there, other=0.0).to(SUM),)
        sums = _up_sums(sums, values, taps, UP * MET, MET, SIZE)
        # The next row of the images takes part in rows of the result from UP further down: those before are whole.
        for phase in tl.static_range(UP):
            done = UP * (y - MET) + 1 + phase + before
            written = (done * result_y + x * result_x)[:, None] + (channel * result_c)[None, :]
            whole = inside & (step >= MET - 1) & (done >= 0) & (done < new_height)
            tl.store(result + written, sums[phase].to(result.dtype.element_ty), mask=whole)
        sums = sums[UP:] + (zero,) * UP


@triton.jit
def _up_taps(
    kernel, tap, SIZE: tl.constexpr, UP: tl.constexpr, FLIPPED: tl.constexpr, SUM: tl.constexpr
):  # fmt: skip
    # Of each row of the kernel those that meet a pixel: `tap`, and every UP-th from there.
    taps = ()
    for number in tl.static_range(SIZE * ((SIZE + UP - 1) // UP)):
        column = tap + UP * (number % ((SIZE + UP - 1) // UP))
        place = (number // ((SIZE + UP - 1) // UP)) * SIZE + column
        place = SIZE * SIZE - 1 - place if FLIPPED else place
        taps = taps + (tl.load(kernel + place, mask=column < SIZE, other=0.0).to(SUM)[:, None],)
    return taps


@triton.jit
def _up_sums(sums, values, taps, ROWS: tl.constexpr, MET: tl.constexpr, SIZE: tl.constexpr):
    new = ()
    for row in tl.static_range(ROWS):
        total = sums[row]
        # The row of the kernel that lies on this row of the images, for this row of the result.
        if ROWS - 1 - row < SIZE:
            for column in tl.static_range(MET):
                total += values[column] * taps[(ROWS - 1 - row) * MET + column]
        new = new + (total,)
    return new


def resample(
    images: Tensor, kernel: Tensor, *, up: int, down: int, before: int, size: tuple[int, int], flipped: bool
) -> Tensor:
    """Return images with zeros put between, filtered, and every `down`-th pixel kept: `[N, C, *size]`.

    Args:
        images: `[N, C, H, W]`, with any strides; the result is channels-last if they are.
        kernel: `[K, K]`.
        up: Pixels, with the zeros, in place of each.
        down: Pixels in place of which one is kept; 1 if `up` is not.
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
    block = min(triton.next_power_of_2(channels), 64) if last else 1
    pixels = min(_TILE // block, max(triton.next_power_of_2(size[1]), 16))
    # Rows of the images if zeros are put between, of the result else: from the first that the result's first reads.
    first = -(before // up) if up > 1 else 0
    rows = triton.cdiv(size[0] + up - 1, up)
    across = triton.cdiv(size[1], pixels)
    launch = (_up_kernel if up > 1 else _down_kernel)[
        triton.cdiv(rows, _STEPS) * across, triton.cdiv(channels, block), count
    ]
    launch(
        images, kernel.contiguous(), result, channels, height, width, *size, across, before, first,
        *images.stride(), *result.stride(),
        SIZE=kernel.shape[-1], **({"UP": up, "LIFT": _LIFT} if up > 1 else {"DOWN": down}), FLIPPED=flipped,
        STEPS=_STEPS, PIXELS=pixels, CHANNELS=block, SUM=tl.float64 if images.dtype == torch.float64 else tl.float32,
    )  # fmt: skip
    return result
