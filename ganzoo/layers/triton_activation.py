"""Leaky ReLU with all that stands before it as kernels in Triton; imported only where there is a GPU.

Bound by memory: each reads its input once and writes its result once, and computes in float32 (float64 of float64).
Nothing is added by atomics: equal inputs give equal bits.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

_TILE = 2048  # elements that one program has at a time: sixteen for each thread of its four warps
_STEPS = 8  # tiles that one program goes over where it sums: the sums are then a small part of what is written


@triton.jit(do_not_specialize=["pixels", "noise_n", "slope", "bound"])
def _activate_kernel(
    maps, factors, noise, strength, bias, result, channels, pixels, map_n, map_c, map_p, noise_n, slope, bound,
    BOUND: tl.constexpr, PIXELS: tl.constexpr, CHANNELS: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    image = tl.program_id(2).to(tl.int64)
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    there = (pixel < pixels)[:, None] & (channel < channels)[None, :]
    offset = image * map_n + (pixel * map_p)[:, None] + (channel * map_c)[None, :]
    value = tl.load(maps + offset, mask=there, other=0.0).to(SUM)
    if factors is not None:
        value *= tl.load(factors + image * channels + channel, mask=channel < channels, other=0.0).to(SUM)[None, :]
    if noise is not None:
        drawn = tl.load(noise + image * noise_n + pixel, mask=pixel < pixels, other=0.0).to(SUM)
        value += (drawn * tl.load(strength).to(SUM))[:, None]
    if bias is not None:
        value += tl.load(bias + channel, mask=channel < channels, other=0.0).to(SUM)[None, :]
    # Comparisons, not a minimum and a maximum: those turn NaN into a number, and would hide a divergence.
    value = tl.where(value > 0, value, value * slope)
    if BOUND:
        value = tl.where(value > bound, bound, tl.where(value < -bound, -bound, value))
    tl.store(result + offset, value.to(result.dtype.element_ty), mask=there)


def activate(
    maps: Tensor,
    factors: Tensor | None,
    noise: Tensor | None,
    strength: Tensor | None,
    bias: Tensor | None,
    slope: float,
    bound: float | None,
) -> Tensor:
    """Return `leaky_relu(maps * factors + noise * strength + bias)`, bounded by `bound` either way.

    Args:
        maps: `[N, C, H, W]`, contiguous or channels-last; the result lies as they do.
        factors: `[N, C]`.
        noise: `[N, 1, H, W]` or `[H, W]`.
        strength: `[]`.
        bias: `[C]`.
        slope: Below 0.
        bound: Or None.
    """
    result = torch.empty_like(maps)
    if not result.numel():
        return result
    layout = _Layout(maps)
    _activate_kernel[layout.grid(1)](
        maps, _dense(factors), _dense(noise), strength, _dense(bias), result, *layout.sizes, _per_image(noise),
        slope, bound or 0.0,
        BOUND=bound is not None, PIXELS=layout.block_pixels, CHANNELS=layout.block_channels, SUM=_sums_in(maps),
    )  # fmt: skip
    return result


@triton.jit(do_not_specialize=["pixels", "blocks", "noise_n", "slope", "bound"])
def _differentiate_kernel(
    given, result, maps, factors, noise, passed, map_sums, noise_sums, bias_sums,
    channels, pixels, map_n, map_c, map_p, noise_n, slope, bound, blocks,
    BOUND: tl.constexpr, STEPS: tl.constexpr, PIXELS: tl.constexpr, CHANNELS: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    block, image = tl.program_id(0), tl.program_id(2).to(tl.int64)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    map_sum = tl.zeros((PIXELS, CHANNELS), dtype=SUM)
    noise_sum = tl.zeros((PIXELS, CHANNELS), dtype=SUM)
    # As it was rounded where it was written.
    most = (tl.zeros((1, 1), dtype=SUM) + bound).to(result.dtype.element_ty).to(SUM)
    bias_sum = tl.zeros((PIXELS, CHANNELS), dtype=SUM)
    for step in range(STEPS):
        pixel = (block * STEPS + step) * PIXELS + tl.arange(0, PIXELS)
        there = (pixel < pixels)[:, None] & (channel < channels)[None, :]
        offset = image * map_n + (pixel * map_p)[:, None] + (channel * map_c)[None, :]
        value = tl.load(given + offset, mask=there, other=0.0).to(SUM)
        # What came out says which piece of the line it is on: slope 1, `slope`, or 0 at the bounds.
        out = tl.load(result + offset, mask=there, other=0.0).to(SUM)
        value = tl.where(out > 0, value, value * slope)
        if BOUND:
            value = tl.where((out >= most) | (out <= -most), 0.0, value)
        if bias_sums is not None:
            bias_sum += value
        if noise_sums is not None:
            drawn = tl.load(noise + image * noise_n + pixel, mask=pixel < pixels, other=0.0).to(SUM)
            noise_sum += value * drawn[:, None]
        if map_sums is not None:
            map_sum += value * tl.load(maps + offset, mask=there, other=0.0).to(SUM)
        if factors is not None:
            value *= tl.load(factors + image * channels + channel, mask=channel < channels, other=0.0).to(SUM)[None, :]
        tl.store(passed + offset, value.to(passed.dtype.element_ty), mask=there)
    # One sum a program; PyTorch adds these few in a fixed order.
    sums = (image * blocks + block) * channels + channel
    inside = channel < channels
    _store_sum(map_sums, sums, map_sum, inside)
    _store_sum(noise_sums, sums, noise_sum, inside)
    _store_sum(bias_sums, sums, bias_sum, inside)


@triton.jit
def _store_sum(target, place, values, inside):
    if target is not None:
        tl.store(target + place, tl.sum(values, axis=0), mask=inside)


def differentiate(
    given: Tensor,
    result: Tensor,
    maps: Tensor | None,
    factors: Tensor | None,
    noise: Tensor | None,
    slope: float,
    bound: float | None,
    wanted: tuple[bool, bool, bool],
) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
    """Return the gradients of `activate` for maps, factors `[N, C]`, strength `[]` and bias `[C]`.

    Args:
        given: The gradient for the result, as it.
        result: Of `activate`.
        maps: As given to it; needed for the factors' gradient alone.
        factors: As given to it.
        noise: As given to it.
        slope: As given to it.
        bound: As given to it.
        wanted: Which of the last three gradients are; the others are None.
    """
    layout = _Layout(result)
    given = given.contiguous(memory_format=layout.order)
    passed = torch.empty_like(result)
    steps = _STEPS if any(wanted) and layout.blocks(1) >= _STEPS else 1
    sums_in = _sums_in(result)
    shape = (len(result), layout.blocks(steps), result.shape[1])
    kind = torch.float64 if sums_in is tl.float64 else torch.float32
    sums = [torch.empty(shape, dtype=kind, device=result.device) if want else None for want in wanted]
    if result.numel():
        _differentiate_kernel[layout.grid(steps)](
            given, result, maps if wanted[0] else None, _dense(factors), _dense(noise), passed, *sums,
            *layout.sizes, _per_image(noise), slope, bound or 0.0, shape[1],
            BOUND=bound is not None, STEPS=steps, PIXELS=layout.block_pixels, CHANNELS=layout.block_channels,
            SUM=sums_in,
        )  # fmt: skip
    for_factors, for_strength, for_bias = sums
    return (
        passed,
        None if for_factors is None else for_factors.sum(dim=1),
        None if for_strength is None else for_strength.sum(),
        None if for_bias is None else for_bias.sum(dim=(0, 1)),
    )


class _Layout:
    """How maps `[N, C, H, W]` lie in memory, and the tiles that they are cut into."""

    def __init__(self, maps: Tensor) -> None:
        self.count, channels, height, width = maps.shape
        pixels = height * width
        last = maps.is_contiguous(memory_format=torch.channels_last)
        self.order = torch.channels_last if last else torch.contiguous_format
        # Channels, pixels, and the steps in memory to the next image, channel and pixel.
        self.sizes = (channels, pixels, channels * pixels, *((1, channels) if last else (pixels, 1)))
        self.block_channels = min(triton.next_power_of_2(channels), 64) if last else 1
        self.block_pixels = _TILE // self.block_channels

    def blocks(self, steps: int) -> int:
        """Return how many programs share the pixels of an image, `steps` tiles each."""
        return triton.cdiv(self.sizes[1], self.block_pixels * steps)

    def grid(self, steps: int) -> tuple[int, int, int]:
        return self.blocks(steps), triton.cdiv(self.sizes[0], self.block_channels), self.count


def _sums_in(values: Tensor) -> tl.dtype:
    return tl.float64 if values.dtype == torch.float64 else tl.float32


def _dense(values: Tensor | None) -> Tensor | None:
    return None if values is None else values.contiguous()


def _per_image(noise: Tensor | None) -> int:
    """Return how far the noise of the next image is: none, where all have the same."""
    return 0 if noise is None or noise.dim() == 2 else noise.shape[-2] * noise.shape[-1]
