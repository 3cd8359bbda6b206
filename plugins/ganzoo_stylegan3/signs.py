"""Signs: on which piece of leaky ReLU each sample was, four to a byte, in place of the samples for its gradients."""

from __future__ import annotations

import torch
from torch import Tensor

_SHIFTS = (0, 2, 4, 6)  # two bits each
_ABOVE, _WITHIN = 1, 2  # the bits: above zero, and within the bound


def bend_(maps: Tensor, slope: float, bound: float | None) -> Tensor:
    """Apply leaky ReLU and then the bound to maps `[N, C, H, W]` in place, and return its signs for `scale_`.

    Args:
        maps: Channels last, as `flattened` wants them.
        slope: Below zero.
        bound: Of what leaves, or None.
    """
    flat = flattened(maps)
    signs = (flat > 0).to(torch.uint8)
    torch.nn.functional.leaky_relu_(flat, slope)
    if bound is not None:
        signs += (flat.abs() <= bound).to(torch.uint8) * _WITHIN
        flat.clamp_(-bound, bound)
    # The first quarter of the samples in the lowest bits, and so on: whole stretches of memory at once.
    size = _quarter(len(signs))
    first, *others = torch.split(signs, size)
    for shift, each in zip(_SHIFTS[1:], others, strict=False):
        first[: len(each)] |= each << shift
    return first.clone()  # without the other three quarters behind it


def scale_(maps: Tensor, signs: Tensor, slope: float, bound: float | None) -> None:
    """Multiply maps in place by the slopes that `bend_` had at their samples."""
    for shift, each in zip(_SHIFTS, torch.split(flattened(maps), len(signs)), strict=False):
        bits = signs[: len(each)] >> shift
        each *= torch.where((bits & _ABOVE).bool(), 1.0, slope).to(each.dtype)
        if bound is not None:
            each *= (bits & _WITHIN).bool()


def flattened(maps: Tensor) -> Tensor:
    """Return channels-last maps as one row, in the order of their memory: a view, which may be written to."""
    return maps.permute(0, 2, 3, 1).view(-1)


def _quarter(length: int) -> int:
    return max(1, -(-length // len(_SHIFTS)))
