"""Activation: scale, noise, bias, leaky ReLU and bound of feature maps; on a GPU in one pass, differentiable twice."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ganzoo.layers.convolution import gradients_asked
from ganzoo.layers.kernels import kernels_fit, with_kernels


def activate(
    maps: Tensor,
    *,
    factors: Tensor | None = None,
    noise: Tensor | None = None,
    strength: Tensor | None = None,
    bias: Tensor | None = None,
    slope: float = 0.2,
    bound: float | None = None,
) -> Tensor:
    """Return `leaky_relu(maps * factors + noise * strength + bias)`, cut off at `bound` either way.

    What follows a convolution in a style-based network; each of it may be left out. Gains belong into factors,
    strength and bias: leaky ReLU is positively homogeneous.

    Args:
        maps: `[N, C, H, W]`; they may be overwritten.
        factors: One for each map, `[N, C]`.
        noise: One map for all channels, `[N, 1, H, W]` or `[H, W]`; it takes no gradient.
        strength: Of the noise, `[]`.
        bias: `[C]`.
        slope: Of leaky ReLU below 0.
        bound: Of what is returned, or None.
    """
    line = _Line(slope, bound)
    if kernels_fit(maps):
        return _Activation.apply(maps, factors, noise, strength, bias, line)
    return _plain(maps, factors, noise, strength, bias, line)


class _Line(NamedTuple):
    """The function of one number: leaky ReLU and its bounds."""

    slope: float
    bound: float | None


def _plain(
    maps: Tensor,
    factors: Tensor | None,
    noise: Tensor | None,
    strength: Tensor | None,
    bias: Tensor | None,
    line: _Line,
) -> Tensor:
    if factors is not None:
        maps = _scaled(maps, factors)
    if noise is not None and strength is not None:
        maps += (noise * strength).to(maps.dtype)
    if bias is not None:
        maps += bias.to(maps.dtype)[:, None, None]
    maps = F.leaky_relu_(maps, line.slope)
    return maps if line.bound is None else maps.clamp(-line.bound, line.bound)


def _scaled(maps: Tensor, factors: Tensor) -> Tensor:
    return maps * factors.to(maps.dtype)[:, :, None, None]


class _Activation(torch.autograd.Function):
    """The kernel, whose gradients are one more; where these are differentiated again, they are products and sums."""

    @staticmethod
    def forward(
        ctx: Any,
        maps: Tensor,
        factors: Tensor | None,
        noise: Tensor | None,
        strength: Tensor | None,
        bias: Tensor | None,
        line: _Line,
    ) -> Tensor:
        if not maps.is_contiguous():
            maps = maps.contiguous(memory_format=torch.channels_last)
        given = (factors, noise, strength, bias)
        result = with_kernels(
            "triton_activation",
            maps,
            lambda kernels: kernels.activate(maps, *given, *line),
            # A copy, since what comes in here is not ours to overwrite.
            lambda: _plain(maps.clone(), *given, line),
        )
        # What went in is needed for the gradient of the factors alone, and need not be kept without them.
        ctx.save_for_backward(maps if factors is not None else None, factors, noise, result)
        ctx.tensors = [True, *(each is not None for each in given)]
        ctx.line = line
        return result

    @staticmethod
    def backward(ctx: Any, given: Tensor) -> tuple[Tensor | None, ...]:
        maps, factors, noise, result = ctx.saved_tensors
        asked = gradients_asked(ctx, ctx.tensors)
        for_factors, for_strength, for_bias = asked[1], asked[3], asked[4]

        def differentiable() -> tuple[Tensor | None, ...]:
            passed = _Slope.apply(given, result, ctx.line)
            return (
                passed if factors is None else _scaled(passed, factors),
                (passed * maps).sum(dim=(2, 3), dtype=factors.dtype) if for_factors else None,
                (passed * noise).sum(dtype=torch.float32) if for_strength else None,
                passed.sum(dim=(0, 2, 3)) if for_bias else None,
            )

        if torch.is_grad_enabled():
            slopes = differentiable()
        else:
            wanted = (for_factors, for_strength, for_bias)
            slopes = with_kernels(
                "triton_activation",
                result,
                lambda kernels: kernels.differentiate(given, result, maps, factors, noise, *ctx.line, wanted),
                differentiable,
            )
        return slopes[0], slopes[1], None, slopes[2], slopes[3], None


class _Slope(torch.autograd.Function):
    """A gradient times the slope of the line where `result` came from: linear, so its gradient is of its own kind."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, result: Tensor, line: _Line) -> Tensor:
        ctx.save_for_backward(result)
        ctx.line = line
        return with_kernels(
            "triton_activation",
            result,
            lambda kernels: kernels.differentiate(given, result, None, None, None, *line, (False, False, False))[0],
            lambda: _plain_slope(given, result, line),
        )

    @staticmethod
    def backward(ctx: Any, second: Tensor) -> tuple[Tensor, None, None]:
        (result,) = ctx.saved_tensors
        return _Slope.apply(second, result, ctx.line), None, None


def _plain_slope(given: Tensor, result: Tensor, line: _Line) -> Tensor:
    passed = torch.where(result > 0, given, given * line.slope)
    if line.bound is None:
        return passed
    # As it was rounded in the result.
    return passed.masked_fill(result.abs() >= result.new_tensor(line.bound), 0.0)
