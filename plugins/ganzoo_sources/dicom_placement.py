"""DICOM placement: how a frame lies in the body, which way it is shown, and how far its pixels are apart.

Facts: DICOM PS3.3, C.7.6.2.1.1 (orientation, in left-posterior-superior coordinates), 10.7.1.3 (spacing: first of rows,
then of columns), C.7.6.3.1.7 (aspect ratio: vertical, then horizontal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import DataError
from ganzoo.data import SourceOptions
from ganzoo_sources.dicom_header import grouped
from ganzoo_sources.dicom_objects import has_position
from ganzoo_sources.orientation import axis_of, directions

_PLANES = ("sagittal", "coronal", "axial")  # by the axis that stands on them
_LPS = (("R", "L"), ("A", "P"), ("I", "S"))  # what an axis points away from, and to
# Of projections, how far apart pixels are on the detector or on the film; their ratio is what counts here.
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio")


@dataclass(frozen=True)
class Placement:
    """What a file states about where a frame lies.

    Attributes:
        cosines: Directions to the right and down, `[2, 3]`; None: not stated.
        is_needed: Whether such images must state them, as slices do and X-rays do not.
        spacing: Distance of rows, and of columns; None: not stated.
    """

    cosines: NDArray[np.float64] | None
    is_needed: bool
    spacing: tuple[float, float] | None

    def turn(self, options: SourceOptions, name: str) -> Turn:
        """Return how a frame is turned, whatever its plane, to be shown as the options say. Raises DataError."""
        if options.orientation == "stored" or (self.cosines is None and not self.is_needed):
            return Turn()
        cosines = np.zeros((2, 3)) if self.cosines is None else self.cosines
        right, down = (int(axis) for axis in np.abs(cosines).argmax(axis=1))
        if right == down or not np.isfinite(cosines).all():
            raise DataError(
                f"{name}: does not state its orientation; show it as it is stored: dataset.orientation = 'stored'"
            )
        plane = _PLANES[3 - right - down]
        wanted_down, wanted_right = directions(options.orientation if plane == options.plane else "", plane)
        swapped = axis_of(wanted_down) == right
        if swapped:
            cosines, right, down = cosines[::-1], down, right
        return Turn(
            swapped,
            _LPS[down][int(cosines[1, down] > 0)] != wanted_down,
            _LPS[right][int(cosines[0, right] > 0)] != wanted_right,
        )


@dataclass(frozen=True)
class Turn:
    """Whether rows and columns are swapped, and then the rows reversed, and the columns."""

    swapped: bool = False
    rows: bool = False
    columns: bool = False

    def applied(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return a picture `[H, W]` or `[H, W, C]` turned."""
        turned = values.swapaxes(0, 1) if self.swapped else values
        return turned[:: -1 if self.rows else 1, :: -1 if self.columns else 1]

    def of_spacing(self, spacing: tuple[float, float]) -> tuple[float, float]:
        """Return the distances of rows and of columns of the turned picture."""
        return spacing[::-1] if self.swapped else spacing


def placement_of(dataset: Any, number: int) -> Placement:
    """Return where a frame lies, as far as the file states it."""
    orientation = grouped(dataset, number, "PlaneOrientationSequence", "ImageOrientationPatient")
    cosines = _numbers(orientation, 6)
    return Placement(
        cosines=None if cosines is None or not cosines.any() else cosines.reshape(2, 3),
        is_needed=has_position(str(dataset.get("SOPClassUID", ""))),
        spacing=_spacing(dataset, number),
    )


def _spacing(dataset: Any, number: int) -> tuple[float, float] | None:
    for attribute in _SPACINGS:
        stated = _numbers(grouped(dataset, number, "PixelMeasuresSequence", attribute), 2)
        if stated is not None and np.isfinite(stated).all() and stated.min() > 0:
            return float(stated[0]), float(stated[1])
    return None


def _numbers(stated: Any, count: int) -> NDArray[np.float64] | None:
    try:
        return np.array([float(value) for value in stated]).reshape(count)
    except (TypeError, ValueError):
        return None
