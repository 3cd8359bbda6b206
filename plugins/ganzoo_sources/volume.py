"""Volume: a three-dimensional image and its slices, their orientation, window, and which of them show something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.data import SourceOptions, Window, bounds_of
from ganzoo_sources.orientation import axis_of, directions

_POSITIVE = "RAS"
_FOREGROUND = 1 / 20
_MOST_SORTED = 2**24  # intensities, which percentiles copy; a brain of 256 x 256 x 256 voxels has as many


@dataclass(frozen=True)
class Volume:
    """Stored numbers and what they mean.

    Attributes:
        stored: `[X, Y, Z]`, along right, anterior and superior, or as in the file; perhaps mapped, not in memory.
        slope: Intensity is `slope * stored + inter`.
        inter: See `slope`.
        name: What messages call it.
        voxel: Size of a voxel along the axes of `stored`.
    """

    stored: NDArray[Any]
    slope: float
    inter: float
    name: str
    voxel: tuple[float, float, float]

    def plane(self, number: int, options: SourceOptions) -> NDArray[Any]:
        """Return intensities of slice `number` as `[H, W]`, the way the options want it shown."""
        if options.orientation == "stored":
            return self._scaled(self.stored[:, :, number].T)
        down, right = directions(options.orientation, options.plane)
        rows, columns = axis_of(down), axis_of(right)
        assert rows is not None and columns is not None, "the options were validated"
        picture = np.moveaxis(self.stored, (slice_axis(options), rows, columns), (0, 1, 2))[number]
        if down not in _POSITIVE:
            picture = picture[::-1]
        if right not in _POSITIVE:
            picture = picture[:, ::-1]
        return self._scaled(picture)

    def spacing(self, options: SourceOptions) -> tuple[float, float]:
        """Return how far apart the rows of a slice are, and its columns."""
        if options.orientation == "stored":
            return self.voxel[1], self.voxel[0]
        down, right = (axis_of(letter) for letter in directions(options.orientation, options.plane))
        assert down is not None and right is not None, "the options were validated"
        return self.voxel[down], self.voxel[right]

    def window(self, window: Window) -> tuple[float, float]:
        """Return what is black and what is white in every slice. Raises DataError."""
        if isinstance(window, tuple):
            return window
        ends = [self.slope * end + self.inter for end in bounds_of(self._measured(window), window, self.name)]
        return min(ends), max(ends)

    def shown(self, numbers: list[int], options: SourceOptions) -> list[int]:
        """Return those slices of which enough is brighter than a twentieth of the window."""
        low, high = self.window(options.window)
        floor = low + _FOREGROUND * (high - low)
        return [number for number in numbers if (self.plane(number, options) > floor).mean() >= options.foreground]

    def _measured(self, window: Window) -> NDArray[Any]:
        """Return the numbers that a window is measured on; percentiles of large volumes from a part, spread evenly."""
        step = -(-self.stored.size // _MOST_SORTED)
        return self.stored if window != "percentile" or step == 1 else self.stored.reshape(-1, order="A")[::step]

    def _scaled(self, stored: NDArray[Any]) -> NDArray[Any]:
        # Never 8 bits again, which would pass by the window.
        exact: NDArray[Any] = stored.astype(np.float32 if stored.dtype.itemsize < 4 else np.float64)
        return exact if self.slope == 1 and self.inter == 0 else exact * self.slope + self.inter


def slice_axis(options: SourceOptions) -> int:
    """Return the axis, 0 to 2 in right-anterior-superior order, along which slices are numbered."""
    if options.orientation == "stored":
        return 2
    return {"sagittal": 0, "coronal": 1, "axial": 2}[options.plane]
