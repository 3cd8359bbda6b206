"""Batch normalization whose statistics are those of the whole batch, also where several processes share it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganzoo.layers.precision import at_least_float32
from ganzoo.layers.ranks import batch_mean, batch_ranks


class _OverRanks(nn.modules.batchnorm._BatchNorm):
    """PyTorch's, but for a shared batch in training. PyTorch's own for that cannot be differentiated twice."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalize `[N, C, ...]`."""
        if batch_ranks().size == 1 or not self.training:
            return super().forward(input)
        self._check_input_dim(input)  # type: ignore[no-untyped-call]
        dims = [dim for dim in range(input.dim()) if dim != 1]
        # Two passes, in float32 at least: squares of large means would cancel.
        values = at_least_float32(input)
        shape = (1, -1, *(1 for _ in dims[1:]))
        mean = batch_mean(values.mean(dim=dims).unsqueeze(0))
        centered = values - mean.view(shape)
        variance = batch_mean(centered.square().mean(dim=dims).unsqueeze(0))
        self._track(mean.detach(), variance.detach(), input.numel() // input.shape[1] * batch_ranks().size)
        scale = torch.rsqrt(variance + self.eps)
        if self.affine:
            scale = scale * self.weight
        result = centered * scale.view(shape)
        return (result + self.bias.view(shape) if self.affine else result).to(input.dtype)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running statistics towards those of `count` values per channel, the variance unbiased."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
        self.running_var.lerp_((variance * (count / max(count - 1, 1))).to(self.running_var.dtype), share)


class BatchNorm1d(_OverRanks, nn.BatchNorm1d):
    """`torch.nn.BatchNorm1d` over the whole batch, also where several processes share it."""


class BatchNorm2d(_OverRanks, nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d` over the whole batch, also where several processes share it."""
