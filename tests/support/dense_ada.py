"""ADA's moves as the paper's appendix B lists them: pad by reflection, double, look bilinearly, halve; in float64.

Only as much is padded as the corners of the images ask for, and six pixels more: the part pads once for all.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

# The scaling filter of the sym6 wavelet, from Daubechies' table; its sum is 1 here.
SYM6 = torch.tensor(
    [
        *(0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633),
        *(0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252),
        *(-0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148),
    ],
    dtype=torch.float64,
) / math.sqrt(2)
BORDER = 3


def shifted(x: float, y: float) -> Tensor:
    return torch.tensor([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=torch.float64)


def stretched(x: float, y: float) -> Tensor:
    return torch.tensor([[x, 0, 0], [0, y, 0], [0, 0, 1]], dtype=torch.float64)


def along(images: Tensor, taps: Tensor, axis: int) -> Tensor:
    """Correlate one axis with taps, without padding."""
    moved = images.transpose(axis, 3)
    count, channels, height, width = moved.shape
    rows = F.conv1d(moved.reshape(-1, 1, width), taps[None, None])
    return rows.reshape(count, channels, height, -1).transpose(axis, 3)


def doubled(images: Tensor) -> Tensor:
    for axis in (2, 3):
        sizes = list(images.shape)
        sizes[axis] *= 2
        spread = images.new_zeros(sizes)
        spread.index_copy_(axis, torch.arange(0, sizes[axis], 2), images)
        padded = F.pad(spread.transpose(axis, 3), (6, 5)).transpose(axis, 3)
        images = along(padded, 2 * SYM6.flip(0), axis)
    return images


def halved(images: Tensor) -> Tensor:
    for axis in (2, 3):
        inner = images.narrow(axis, 1, images.shape[axis] - 2)
        kept = along(inner, SYM6, axis)
        images = kept.index_select(axis, torch.arange(0, kept.shape[axis], 2))
    return images


def moved(images: Tensor, inverse: Tensor) -> Tensor:
    """Return images `[N, C, R, R]` moved by the transforms whose inverses `[N, 3, 3]` are given, in pixels."""
    side = images.shape[-1]
    center = (side - 1) / 2
    corners = torch.tensor([[x, y, 1] for x in (-center, center) for y in (-center, center)], dtype=torch.float64)
    reached = (inverse @ corners.T)[:, :2].permute(1, 0, 2).flatten(1)
    wanted = torch.cat([-reached, reached]).amax(dim=1) + 2 * BORDER - center
    left, top, right, bottom = wanted.clamp(0, side - 1).ceil().int().tolist()
    wide = doubled(F.pad(images.double(), (left, right, top, bottom), mode="reflect"))
    matrix = shifted((left - right) / 2, (top - bottom) / 2) @ inverse
    matrix = shifted(-0.5, -0.5) @ stretched(2, 2) @ matrix @ stretched(0.5, 0.5) @ shifted(0.5, 0.5)
    grid = 2 * (side + 2 * BORDER)
    matrix = stretched(2 / wide.shape[3], 2 / wide.shape[2]) @ matrix @ stretched(grid / 2, grid / 2)
    places = F.affine_grid(matrix[:, :2], [*images.shape[:2], grid, grid], align_corners=False)
    return halved(F.grid_sample(wide, places, align_corners=False))
