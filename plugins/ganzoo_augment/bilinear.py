"""Bilinear sampling that can be differentiated twice and more often.

Torch's own `grid_sample` has a second derivative only from torch 2.13 on. It is not needed: with a fixed grid, sampling
is linear in the image, so its gradient spreads values along the same grid, and the gradient of that samples again.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F

_BILINEAR, _ZEROS = 0, 0  # as aten numbers them


def sample(images: Tensor, grid: Tensor) -> Tensor:
    """Read images `[N, C, H, W]` at a fixed grid `[N, h, w, 2]`, whose outer edges are at -1 and 1; 0 outside."""
    return _Sample.apply(images, grid)


class _Sample(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, images: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.size = images.shape  # type: ignore[attr-defined]
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        (grid,) = ctx.saved_tensors
        return _Spread.apply(slope, grid, ctx.size), None


class _Spread(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor, grid: Tensor, size: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        unread = values.new_zeros(()).expand(size)  # the gradient of a linear map needs no point to be taken at
        spread: Tensor = torch.ops.aten.grid_sampler_2d_backward(
            values, unread, grid, _BILINEAR, _ZEROS, False, [True, False]
        )[0]
        return spread

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:
        (grid,) = ctx.saved_tensors
        return _Sample.apply(slope, grid), None, None
