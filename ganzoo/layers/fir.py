"""FIR filtering on a GPU: zeros between pixels, a filter, and every n-th pixel kept, in one pass over the memory."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ganzoo.layers.kernels import kernels_fit, with_kernels

_MOST_TAPS = 4  # of an axis: the kernels keep that many rows in registers


class Geometry(NamedTuple):
    """How a filter goes over images `[N, C, H, W]`.

    Attributes:
        up: Pixels in place of each, all but the first of them 0.
        down: Pixels in place of which one is kept; 1 if `up` is not.
        before: Zeros before the first row and column; negative to leave some out.
        height: Rows of the result; what it reads beyond the images is 0.
        width: Columns of the result.
        flipped: Whether the filter is read from its last tap to its first.
    """

    up: int
    down: int
    before: int
    height: int
    width: int
    flipped: bool = False


def filters_fit(images: Tensor, kernel: Tensor) -> bool:
    """Return whether `filtered` is meant for these images, and a kernel `[K, K]` that takes no gradient."""
    return kernels_fit(images) and kernel.shape[-1] <= _MOST_TAPS and not kernel.requires_grad


def filtered(images: Tensor, kernel: Tensor, how: Geometry) -> Tensor:
    """Filter `[N, C, H, W]` with a kernel `[K, K]`; under autocast in its type, as convolutions are."""
    device = images.device.type
    if torch.is_autocast_enabled(device):
        images = images.to(torch.get_autocast_dtype(device))
    return _Filter.apply(images, kernel, how)


class _Filter(torch.autograd.Function):
    """Linear, and its transpose is a filter too: so are all its derivatives."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, kernel: Tensor, how: Geometry) -> Tensor:
        ctx.save_for_backward(kernel)
        ctx.how, ctx.size = how, images.shape[2:]
        return with_kernels(
            "triton_fir",
            images,
            lambda kernels: kernels.resample(
                images,
                kernel,
                up=how.up,
                down=how.down,
                before=how.before,
                size=(how.height, how.width),
                flipped=how.flipped,
            ),
            lambda: _plain(images, kernel, how),
        )

    @staticmethod
    def backward(ctx: Any, given: Tensor) -> tuple[Tensor, None, None]:
        (kernel,) = ctx.saved_tensors
        how = ctx.how
        # Pixel i met output o at tap `up i + before - down o`; from the output's side, the flipped kernel's tap
        # K - 1 less that. So up and down change places, and so do the zeros before the first pixel.
        before = kernel.shape[-1] - 1 - how.before
        height, width = ctx.size
        transposed = Geometry(how.down, how.up, before, height, width, not how.flipped)
        return _Filter.apply(given, kernel, transposed), None, None


def _plain(images: Tensor, kernel: Tensor, how: Geometry) -> Tensor:
    count, channels, height, width = images.shape
    size = kernel.shape[-1]
    rows, columns = (height - 1) * how.up + 1, (width - 1) * how.up + 1
    spread = images.new_zeros(count, channels, rows, columns)
    spread[:, :, :: how.up, :: how.up] = images
    # As many zeros behind as the last window reads; a negative number leaves pixels out.
    below = (how.height - 1) * how.down + size - how.before - rows
    right = (how.width - 1) * how.down + size - how.before - columns
    padded = F.pad(spread, (how.before, right, how.before, below))
    weight = (kernel.flip(0, 1) if how.flipped else kernel).to(images.dtype)
    return F.conv2d(padded, weight.expand(channels, 1, size, size), stride=how.down, groups=channels)
