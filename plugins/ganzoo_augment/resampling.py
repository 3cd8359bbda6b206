"""Images resampled at transformed coordinates, low-pass filtered so that nothing aliases (ADA, appendix B).

An image is extended by reflection and upsampled twice with the sym6 wavelet filter, sampled bilinearly on a grid of
twice its resolution, and downsampled with the same filter. The first and the last are linear in each axis, so each
is one small matrix from the left and one from the right: much quicker than filters at the usual sizes, and twice
differentiable as it stands.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from ganzoo.layers import to_device
from ganzoo_augment.bilinear import sample

# The scaling filter of the sym6 wavelet (Daubechies, Ten Lectures on Wavelets, table 8.3); its sum is sqrt 2.
_SYM6 = (
    *(0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633),
    *(0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252),
    *(-0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148),
)
_DELAY = 5  # a filter of 12 taps at a pixel of the coarse grid begins so many samples before it
_BORDER = 3  # pixels around the result that its filter reads

Window = tuple[slice, slice]  # rows and columns of the upsampled, extended image


def resample(images: Tensor, inverse: Tensor) -> Tensor:
    """Move images by the transforms whose inverses are given.

    Args:
        images: `[N, C, R, R]`.
        inverse: `[N, 3, 3]` in float64 on the CPU: pixels of the result, counted from the center, to the image's.

    Returns:
        Images of the same shape, layout and type; what comes from beyond one reflection is 0.
    """
    resolution = images.shape[-1]
    layout = torch.channels_last if images.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
    # Only what is read is made. On a GPU always all of it: most batches read nearly all, and sizes that never change
    # are worth more there.
    rows, columns = window = _whole(resolution) if images.is_cuda else _window(inverse, resolution)
    up, down = _matrices(resolution, images.dtype, images.device)
    fine = _rows_by(_rows_by(images.mT, up[rows]).mT, up[columns])
    theta = to_device(_normalized(inverse, resolution, window), images.device, images.dtype)
    grid = F.affine_grid(
        theta, [*images.shape[:2], _grid_size(resolution), _grid_size(resolution)], align_corners=False
    )
    moved = sample(fine, grid)
    return _rows_by(_rows_by(moved, down).mT, down).mT.contiguous(memory_format=layout)


def _rows_by(images: Tensor, matrix: Tensor) -> Tensor:
    """Multiply every row of every image by a matrix: one large product, where `matmul` may make many small ones."""
    return (images.reshape(-1, images.shape[-1]) @ matrix.T).reshape(*images.shape[:-1], len(matrix))


def _grid_size(resolution: int) -> int:
    return 2 * (resolution + 2 * _BORDER)


def _extended_size(resolution: int) -> int:
    return 3 * resolution - 2  # reflected once at either end, about the centers of the outermost pixels


@lru_cache(maxsize=16)
def _matrices(resolution: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the matrices that extend and upsample a row of pixels, and that downsample and crop a row of samples."""
    extended = _extended_size(resolution)
    mirrored = torch.arange(extended) - (resolution - 1)
    source = mirrored.abs()
    source = torch.where(source > resolution - 1, 2 * (resolution - 1) - source, source)
    fold = F.one_hot(source, resolution).double()
    up = _bank(2 * extended, extended, first=-_DELAY) @ fold
    down = _bank(_grid_size(resolution), resolution, first=2 * _BORDER - _DELAY).T / 2
    return up.to(device, dtype), down.contiguous().to(device, dtype)


def _bank(samples: int, pixels: int, first: int) -> Tensor:
    """Return `[samples, pixels]`: the filter of gain 2 for each pixel, from sample `2 * pixel + first` on."""
    taps = torch.tensor(_SYM6, dtype=torch.float64)
    taps = 2 * taps / taps.sum()
    tap = torch.arange(samples)[:, None] - 2 * torch.arange(pixels)[None, :] - first
    inside = (tap >= 0) & (tap < len(taps))
    return torch.where(inside, taps[tap.clamp(0, len(taps) - 1)], 0.0)


def _window(inverse: Tensor, resolution: int) -> Window:
    """Return which samples of the upsampled image are read: the others need not be made."""
    reach = resolution / 2 + _BORDER
    corners = torch.tensor([(x, y, 1.0) for x in (-reach, reach) for y in (-reach, reach)], dtype=torch.float64)
    read = (inverse @ corners.T)[:, :2]
    most = 2 * _extended_size(resolution)
    low = (2 * read.amin(dim=(0, 2)) + most / 2 - 1).floor().clamp(0, most - 1).int().tolist()
    high = (2 * read.amax(dim=(0, 2)) + most / 2 - 1).ceil().clamp(0, most - 1).int().tolist()
    columns, rows = (slice(first, last + 1) for first, last in zip(low, high, strict=True))
    return rows, columns


def _whole(resolution: int) -> Window:
    """Return the window of all samples."""
    samples = slice(0, 2 * _extended_size(resolution))
    return samples, samples


def _normalized(inverse: Tensor, resolution: int, window: Window) -> Tensor:
    """Return the transforms `[N, 2, 3]` between grids whose outer edges are at -1 and 1."""
    rows, columns = window
    grid, most = _grid_size(resolution), 2 * _extended_size(resolution)
    width, height = columns.stop - columns.start, rows.stop - rows.start
    # A pixel at c is sample 2 c + most / 2 - 1; and sample j of n is at (2 j + 1) / n - 1.
    to_pixels = torch.tensor([[grid / 4, 0, 1 / 4], [0, grid / 4, 1 / 4], [0, 0, 1]], dtype=torch.float64)
    across, along = ((most - 1 - 2 * each.start) for each in (columns, rows))
    to_window = torch.tensor(
        [[4 / width, 0, across / width - 1], [0, 4 / height, along / height - 1]], dtype=torch.float64
    )
    return to_window @ inverse @ to_pixels
