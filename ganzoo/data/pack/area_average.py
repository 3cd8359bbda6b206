"""Area average: lower resolutions computed exactly from the full one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganzoo.contracts.component import PixelArray

LOWEST = 4


def lower_resolutions(resolution: int) -> tuple[int, ...]:
    """Return the halves of a resolution down to 4, as far as they are whole: `32` gives `(16, 8, 4)`."""
    levels = []
    while resolution % 2 == 0 and resolution // 2 >= LOWEST:
        resolution //= 2
        levels.append(resolution)
    return tuple(levels)


def pyramid(images: PixelArray) -> Iterator[PixelArray]:
    """Yield images `[n, C, R, R]` at each of `lower_resolutions(R)`, highest first.

    Each level is the mean over areas of the full resolution's pixels, rounded half up once: sums are carried from
    level to level, never rounded values, so a level equals `shrunk(images, level)`.
    """
    sums = images.astype(np.uint16)  # 255 * 4**4 still fits; from there on 32 bits
    for number, _ in enumerate(lower_resolutions(images.shape[-1]), start=1):
        if number > 4:
            sums = sums.astype(np.uint32)
        sums = sums[..., 0::2, :] + sums[..., 1::2, :]
        sums = sums[..., 0::2] + sums[..., 1::2]
        half, bits = 1 << (2 * number - 1), 2 * number
        yield ((sums.astype(np.uint32) + np.uint32(half)) >> np.uint32(bits)).astype(np.uint8)


def shrunk(images: PixelArray, resolution: int) -> PixelArray:
    """Average images `[n, C, R, R]` over areas down to `[n, C, r, r]`, rounded half up; r divides R."""
    count, channels, full, _ = images.shape
    step = full // resolution
    blocks = images.reshape(count, channels, resolution, step, resolution, step)
    sums = blocks.sum(axis=(3, 5), dtype=np.uint32)
    return ((sums + step * step // 2) // (step * step)).astype(np.uint8)
