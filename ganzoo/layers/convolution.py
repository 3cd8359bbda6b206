"""Convolutions whose gradients are quick to differentiate again, as R1, gradient penalties and path lengths do.

PyTorch differentiates the gradient of a convolution with respect to its weight as one more convolution with batch
and channels exchanged, which is slow, and does so for fixed filters too. Here every derivative is one of the three
kernels that first gradients use: the convolution, its gradient with respect to the images, and to the weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Geometry(NamedTuple):
    """How a convolution goes over its input; see `torch.nn.functional.conv2d` and `conv_transpose2d`."""

    stride: int = 1
    padding: int = 0
    transposed: bool = False
    groups: int = 1


def convolve(
    images: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
    transposed: bool = False,
    groups: int = 1,
) -> Tensor:
    """Do what `conv2d` does, or `conv_transpose2d` if `transposed`, with quick gradients of gradients.

    Args:
        images: `[N, I, H, W]`.
        weight: `[O, I / groups, K, K]`; if transposed, `[I, O / groups, K, K]`.
        bias: `[O]`.
        stride: Of the result, or of the input if transposed.
        padding: As in the two functions.
        transposed: Which of the two.
        groups: As in the two functions.
    """
    if stride > 1 and not transposed and weight.shape[2:] == (1, 1) and padding == 0:
        # The same pixels, chosen first: oneDNN's gradient of such a weight writes outside of its memory where maps are
        # channels-last, of fewer than 8 channels and an even side, on a CPU (torch 2.14.1; 3x3 and larger do not).
        images, stride = images[:, :, ::stride, ::stride], 1
    # Nothing to differentiate, or nothing but shapes: PyTorch's own functions will do.
    if not torch.is_grad_enabled() or images.is_meta:
        if transposed:
            return F.conv_transpose2d(images, weight, bias, stride=stride, padding=padding, groups=groups)
        return F.conv2d(images, weight, bias, stride=stride, padding=padding, groups=groups)
    if torch.is_autocast_enabled(images.device.type):  # autocast does not see what happens inside a Function
        dtype = torch.get_autocast_dtype(images.device.type)
        images, weight = images.to(dtype), weight.to(dtype)
    # The bias takes the type of the images, as it does in PyTorch's own convolution under autocast.
    bias = None if bias is None else bias.to(images.dtype)
    return _Convolution.apply(images, weight, bias, Geometry(stride, padding, transposed, groups))


def _forward(images: Tensor, weight: Tensor, bias: Tensor | None, how: Geometry) -> Tensor:
    # The operator below both functions: it has one signature for the two, and gives the same numbers.
    return torch.ops.aten.convolution(
        images, weight, bias, [how.stride] * 2, [how.padding] * 2, [1, 1], how.transposed, [0, 0], how.groups
    )


def _backward(slope: Tensor, images: Tensor, weight: Tensor, how: Geometry, wanted: list[bool]) -> list[Tensor]:
    return torch.ops.aten.convolution_backward(
        slope,
        images,
        weight,
        [weight.shape[1] * how.groups if how.transposed else weight.shape[0]],
        [how.stride] * 2,
        [how.padding] * 2,
        [1, 1],
        how.transposed,
        [0, 0],
        how.groups,
        wanted,
    )


def gradients_asked(ctx: Any, tensors: Sequence[bool] = ()) -> list[bool]:
    """Return for each input of a Function whether the backward pass that runs now has a use for its gradient.

    `ctx.needs_input_grad` says only whether it might have one. A penalty that asks for the gradient of the images
    alone would compute that of every weight as well, and throw it away.

    Args:
        ctx: The Function's.
        tensors: Which inputs are tensors; without it, the first are.
    """
    # The graph has a node, or None, for each tensor alone.
    nodes = (node for node, _ in ctx.next_functions)
    are = [*(tensors or [True] * len(ctx.next_functions)), *[False] * len(ctx.needs_input_grad)]
    found = [next(nodes) if is_tensor else None for is_tensor, _ in zip(are, ctx.needs_input_grad, strict=False)]
    return [node is not None and _will_run(node) for node in found]


def _will_run(node: Any) -> bool:
    try:
        return torch._C._will_engine_execute_node(node)
    except RuntimeError:  # a leaf whose gradient was asked for by name, or no backward pass of the engine's
        return True


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor | None, how: Geometry) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.how = how
        return _forward(images, weight, bias, how)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        images, weight = ctx.saved_tensors
        wanted = gradients_asked(ctx)[:3]
        # A first gradient that is not differentiated again: one call of the kernel gives all three.
        if not torch.is_grad_enabled():
            return (*_backward(slope, images, weight, ctx.how, wanted), None)
        return (
            _ImageGradient.apply(slope, images, weight, ctx.how) if wanted[0] else None,
            _WeightGradient.apply(slope, images, weight, ctx.how) if wanted[1] else None,
            slope.sum(dim=(0, 2, 3)) if wanted[2] else None,
            None,
        )


class _ImageGradient(torch.autograd.Function):
    """Linear in slope and weight; the images only lend their shape."""

    @staticmethod
    def forward(ctx: Any, slope: Tensor, images: Tensor, weight: Tensor, how: Geometry) -> Tensor:
        ctx.save_for_backward(slope, weight)
        ctx.how = how
        return _backward(slope, images, weight, how, [True, False, False])[0]

    @staticmethod
    def backward(ctx: Any, second: Tensor) -> tuple[Tensor | None, ...]:
        # The map from slope to gradient is the transpose of the convolution, so its own transpose is the convolution;
        # in the weight it is linear as the weight's gradient is, with what comes in here for the images.
        slope, weight = ctx.saved_tensors
        wanted = gradients_asked(ctx)
        return (
            _Convolution.apply(second, weight, None, ctx.how) if wanted[0] else None,
            None,
            _WeightGradient.apply(slope, second, weight, ctx.how) if wanted[2] else None,
            None,
        )


class _WeightGradient(torch.autograd.Function):
    """Linear in slope and images; the weight only lends its shape."""

    @staticmethod
    def forward(ctx: Any, slope: Tensor, images: Tensor, weight: Tensor, how: Geometry) -> Tensor:
        ctx.save_for_backward(slope, images)
        ctx.how = how
        return _backward(slope, images, weight, how, [False, True, False])[1]

    @staticmethod
    def backward(ctx: Any, second: Tensor) -> tuple[Tensor | None, ...]:
        # What comes in has the shape of a weight: with it, the slope's part is a convolution of the images, and the
        # images' part that convolution's gradient.
        slope, images = ctx.saved_tensors
        wanted = gradients_asked(ctx)
        return (
            _Convolution.apply(images, second, None, ctx.how) if wanted[0] else None,
            _ImageGradient.apply(slope, images, second, ctx.how) if wanted[1] else None,
            None,
            None,
        )
