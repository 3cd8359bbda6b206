"""Slopes of a critic: the gradient of each image's logit by that image, which penalties on gradients square."""

from __future__ import annotations

import torch
from torch import Tensor

from ganzoo.layers import at_least_float32


def squared_slopes(logits: Tensor, images: Tensor) -> Tensor:
    """Return `sum_CHW |d logit_i / d x_i|^2` of each image, `[N]`; differentiable once more.

    Args:
        logits: `[N]`, of `images`.
        images: `[N, C, H, W]`, a leaf that the logits lead back to.
    """
    # Summed over the batch first: one backward pass gives the gradient of every logit by its own image, since no
    # image sees the others. With normalization over the batch, it is the gradient of the sum.
    (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    # In float32, since it is a sum of squares over all pixels.
    return at_least_float32(slope).square().sum(dim=(1, 2, 3))
