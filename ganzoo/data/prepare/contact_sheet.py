"""Contact sheets: what the images of a pack look like, some of each split."""

from __future__ import annotations

import numpy as np

from ganzoo.contracts.component import PixelArray
from ganzoo.data.pack.pack import Pack

COLUMNS = 16
_ROWS = 6
_LARGEST = 128


def contact_sheet(pack: Pack) -> PixelArray:
    """Return up to 96 images spread evenly over the pack, uint8 `[n, C, r, r]` of at most 128 pixels; none is changed.

    Each split has rows of its own, in the order of `pack.splits`, at least one.
    """
    side = pack.spec.resolution
    while side > _LARGEST and side % 2 == 0:
        side //= 2
    rows = _rows({name: len(pack.split(name)) for name in pack.splits})
    blank = np.full((1, pack.spec.channels, side, side), 32, np.uint8)
    parts = []
    for name, count in rows.items():
        split = pack.split(name)
        wanted = min(count * COLUMNS, len(split))
        shown = split.at(np.arange(wanted) * len(split) // wanted, side)
        parts += [shown, *([blank] * (-wanted % COLUMNS))]
    return np.concatenate(parts)


def _rows(sizes: dict[str, int]) -> dict[str, int]:
    total = sum(sizes.values())
    needed = {name: -(-size // COLUMNS) for name, size in sizes.items()}
    return {name: min(max(1, round(_ROWS * size / total)), needed[name]) for name, size in sizes.items()}
