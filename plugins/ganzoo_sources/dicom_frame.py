"""DICOM frame: its intensities or colors, and what the file states about them.

Facts: DICOM PS3.3, C.7.5.1.1.2 (padding), C.11.1 (rescaling), C.7.6.3.1.2 (photometric interpretation), C.7.9
(palettes).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import DataError
from ganzoo.data import MAX_PIXELS, require_extra
from ganzoo.text import reason_of
from ganzoo_sources.dicom_header import decoding, grouped
from ganzoo_sources.dicom_placement import Placement, placement_of
from ganzoo_sources.dicom_window import OwnWindow, stated_window

PALETTE = "PALETTE COLOR"

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
        placement: Where it lies in the body.
    """

    values: NDArray[Any]
    padding: NDArray[np.bool_] | None
    inverted: bool
    color_bits: int
    own_window: OwnWindow | str
    placement: Placement

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
            color_bits=0 if color is None else _bits(color, dataset),
            own_window=stated_window(dataset, number),
            placement=placement_of(dataset, number),
        )


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
            f"pydicom's documentation): {reason_of(error)}"
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
            f"{name}: says that it is {PALETTE}, and its palette is missing or damaged: {reason_of(error)}"
        ) from error
    tables = [dataset.get(f"{name}PaletteColorLookupTableData") for name in ("Red", "Green", "Blue")]
    highest = max((int(np.frombuffer(table, np.uint16).max()) for table in tables if table), default=2**16)
    return colors.astype(np.uint8) if highest < 2**8 else colors  # some say 16 bits and have 8


def _bits(color: NDArray[Any], dataset: Any) -> int:
    """Return how many bits each color has; those of a palette have all."""
    stated = 16 if color.dtype != np.uint8 and dataset.get("SamplesPerPixel", 1) == 1 else dataset.get("BitsStored", 16)
    return 8 if color.dtype == np.uint8 else min(max(int(stated), 8), 16)


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
