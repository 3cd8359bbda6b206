"""DICOM frame: its intensities, and what the file states about them and about their place in the body.

Facts: DICOM PS3.3, C.7.6.2.1.1 (orientation, in left-posterior-superior coordinates), C.7.5.1.1.2 (padding), C.11.1
(rescaling), C.7.6.3.1.2 (photometric interpretation), C.7.9 (palettes).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import DataError
from ganzoo.data import MAX_PIXELS, SourceOptions, require_extra
from ganzoo.text import literal
from ganzoo_sources.dicom_header import decoding, grouped
from ganzoo_sources.dicom_objects import has_position
from ganzoo_sources.dicom_window import OwnWindow, stated_window
from ganzoo_sources.orientation import axis_of, directions

PALETTE = "PALETTE COLOR"

_PLANES = ("sagittal", "coronal", "axial")  # by the axis that stands on them
_LPS = (("R", "L"), ("A", "P"), ("I", "S"))  # what an axis points away from, and to
_FLOATS = ("FloatPixelPaddingValue", "FloatPixelPaddingRangeLimit")
_DOUBLES = ("DoubleFloatPixelPaddingValue", "DoubleFloatPixelPaddingRangeLimit")
_INTEGERS = ("PixelPaddingValue", "PixelPaddingRangeLimit")


@dataclass(frozen=True)
class Frame:
    """A frame of a file.

    Attributes:
        values: Rescaled intensities `[H, W]`, or colors `[H, W, 3]` of unsigned integers.
        padding: Which pixels are none of the picture, `[H, W]`; None: all are.
        inverted: Whether high intensities are meant to be dark.
        color_bits: Number of bits of each color; 0: it is gray.
        own_window: What the file states, or why it cannot be used.
        cosines: Directions to the right and down in left-posterior-superior coordinates, `[2, 3]`; None: not stated.
        positioned: Whether such images must state their directions.
    """

    values: NDArray[Any]
    padding: NDArray[np.bool_] | None
    inverted: bool
    color_bits: int
    own_window: OwnWindow | str
    cosines: NDArray[np.float64] | None
    positioned: bool

    def window(self, name: str) -> OwnWindow:
        """Return the window that the file states. Raises DataError."""
        if isinstance(self.own_window, str):
            raise DataError(f"{name}: {self.own_window}; set dataset.window to [low, high], 'percentile' or 'range'")
        return self.own_window

    def shown(self) -> NDArray[Any]:
        """Return the intensities that are of the picture, `[n]`: neither padding nor NaN nor infinite."""
        kept = self.values.ravel() if self.padding is None else self.values[~self.padding]
        return kept if kept.dtype.kind != "f" else kept[np.isfinite(kept)]


def read_frame(dataset: Any, number: int, name: str) -> Frame:
    """Decode a frame. Raises DataError."""
    with decoding(name):
        if int(dataset.Rows) * int(dataset.Columns) > MAX_PIXELS:
            raise DataError(
                f"{name}: is {dataset.Columns}x{dataset.Rows}, more than {MAX_PIXELS // 10**6} million pixels"
            )
        stored = _decoded(dataset, number, name)
        kind = str(dataset.get("PhotometricInterpretation", "")).strip()
        color = _colors(stored, dataset, name) if kind == PALETTE else stored if stored.ndim == 3 else None
        return Frame(
            values=_rescaled(stored, dataset, number) if color is None else color,
            padding=_padding(stored, dataset) if color is None else None,
            inverted=kind == "MONOCHROME1",
            color_bits=0 if color is None else _bits(color, dataset, kind),
            own_window=stated_window(dataset, number),
            cosines=_cosines(dataset, number),
            positioned=has_position(str(dataset.get("SOPClassUID", ""))),
        )


def oriented(values: NDArray[Any], frame: Frame, options: SourceOptions, name: str) -> NDArray[Any]:
    """Turn and flip a frame's values, whatever its plane, as the options say. Raises DataError."""
    if options.orientation == "stored" or (frame.cosines is None and not frame.positioned):
        return values
    cosines = np.zeros((2, 3)) if frame.cosines is None else frame.cosines
    right, down = (int(axis) for axis in np.abs(cosines).argmax(axis=1))
    if right == down or not np.isfinite(cosines).all():
        raise DataError(
            f"{name}: does not state its orientation; show it as it is stored: dataset.orientation = 'stored'"
        )
    plane = _PLANES[3 - right - down]
    wanted_down, wanted_right = directions(options.orientation if plane == options.plane else "", plane)
    if axis_of(wanted_down) == right:
        values, cosines, right, down = values.swapaxes(0, 1), cosines[::-1], down, right
    if _LPS[down][int(cosines[1, down] > 0)] != wanted_down:
        values = values[::-1]
    if _LPS[right][int(cosines[0, right] > 0)] != wanted_right:
        values = values[:, ::-1]
    return values


def _decoded(dataset: Any, number: int, name: str) -> NDArray[Any]:
    """Return a frame as it is stored, `[H, W]`, or `[H, W, 3]` in color."""
    pixels = require_extra("pydicom.pixels", "dicom", "DICOM files")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored: NDArray[Any] = pixels.pixel_array(dataset, index=number)
    except MemoryError:
        raise
    except Exception as error:
        raise DataError(
            f"{name}: its pixels cannot be decoded (damaged, or of a compression that needs another library, see "
            f"pydicom's documentation): {literal(str(error))[:200]}"
        ) from error
    return stored


def _colors(stored: NDArray[Any], dataset: Any, name: str) -> NDArray[Any]:
    """Return the colors of a palette, `[H, W, 3]`."""
    pixels = require_extra("pydicom.pixels", "dicom", "DICOM files")
    try:
        colors: NDArray[Any] = pixels.apply_color_lut(stored, dataset)
    except MemoryError:
        raise
    except Exception as error:
        raise DataError(
            f"{name}: says that it is {PALETTE}, and its palette is missing or damaged: {literal(str(error))[:200]}"
        ) from error
    return colors


def _bits(color: NDArray[Any], dataset: Any, kind: str) -> int:
    """Return how many bits colors have; some palettes say 16 and have 8."""
    if color.dtype == np.uint8:
        return 8
    if kind != PALETTE:
        return min(max(int(dataset.get("BitsStored", 16)), 8), 16)
    names = ("Red", "Green", "Blue")
    tables = [dataset.get(f"{name}PaletteColorLookupTableData") for name in names]
    highest = max((int(np.frombuffer(table, np.uint16).max()) for table in tables if table), default=int(color.max()))
    return 8 if highest < 2**8 else 16


def _rescaled(stored: NDArray[Any], dataset: Any, number: int) -> NDArray[Any]:
    """Apply the rescaling, that of the frame's own in enhanced multi-frame files too."""
    pixels = require_extra("pydicom.pixels", "dicom", "DICOM files")
    if "RescaleSlope" in dataset or "ModalityLUTSequence" in dataset:
        found: NDArray[Any] = pixels.apply_modality_lut(stored, dataset)
        return found
    slope = grouped(dataset, number, "PixelValueTransformationSequence", "RescaleSlope")
    if slope is None:
        return stored
    inter = grouped(dataset, number, "PixelValueTransformationSequence", "RescaleIntercept")
    return stored.astype(np.float64) * float(slope) + float(inter or 0)


def _padding(stored: NDArray[Any], dataset: Any) -> NDArray[np.bool_] | None:
    """Return which pixels have the value that stands for none, or lie in the range of such values."""
    names = _INTEGERS if stored.dtype.kind in "iu" else _FLOATS if stored.dtype == np.float32 else _DOUBLES
    value, limit = (dataset.get(name) for name in names)
    if value is None:
        return None
    ends = sorted(_as_stored(end, stored.dtype) for end in (value, value if limit is None else limit))
    found: NDArray[np.bool_] = (stored >= ends[0]) & (stored <= ends[1])
    return found if found.any() else None


def _as_stored(value: Any, dtype: np.dtype[Any]) -> float:
    """Return a value as a pixel has it: some writers state a negative one without its sign, or the other way."""
    if dtype.kind == "f":
        return float(value)
    bits = 8 * dtype.itemsize
    whole = int(value) % 2**bits
    return whole - 2**bits if dtype.kind == "i" and whole >= 2 ** (bits - 1) else whole


def _cosines(dataset: Any, number: int) -> NDArray[np.float64] | None:
    stated = grouped(dataset, number, "PlaneOrientationSequence", "ImageOrientationPatient")
    try:
        cosines = np.array([float(value) for value in stated]).reshape(2, 3)
    except (TypeError, ValueError):
        return None
    return cosines if cosines.any() else None
