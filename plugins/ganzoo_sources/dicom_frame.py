"""DICOM frame: its intensities, its own window, and which way it is shown.

Facts: DICOM PS3.3, C.7.6.2.1.1 (orientation, in left-posterior-superior coordinates), C.11.1 (rescaling),
C.11.2.1.2 (window).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import DataError
from ganzoo.data import MAX_PIXELS, SourceOptions, require_extra
from ganzoo.text import literal
from ganzoo_sources.orientation import axis_of, directions

_PLANES = ("sagittal", "coronal", "axial")  # by the axis that stands on them
_LPS = (("R", "L"), ("A", "P"), ("I", "S"))  # what an axis points away from, and to
_NEEDED = [
    "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "NumberOfFrames", "Rows", "Columns", "SamplesPerPixel",
]  # fmt: skip


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Turn into a DataError whatever pydicom raises; it converts a field when that is first looked at."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (DataError, MemoryError):
        raise
    except Exception as error:  # InvalidDicomError, OSError, struct.error, NotImplementedError and more
        raise DataError(f"{name}: is no DICOM file or a damaged one: {literal(str(error))[:200]}") from error


def read_dicom(path: Path, name: str, *, pixels: bool = True) -> Any:
    """Read a file; without `pixels` only who and what it shows. Raises DataError."""
    pydicom = require_extra("pydicom", "dicom", "DICOM files")
    logging.getLogger("pydicom").disabled = True  # it logs what it then raises
    with decoding(name):
        if pixels:
            return pydicom.dcmread(path)
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_NEEDED)
        return {key: header.get(key) for key in _NEEDED if header.get(key) is not None}


def intensities(header: Any, number: int, name: str) -> NDArray[Any]:
    """Return a frame as rescaled intensities `[H, W]`, or as uint8 `[H, W, 3]` in color. Raises DataError."""
    pixels = require_extra("pydicom.pixels", "dicom", "DICOM files")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if int(header.Rows) * int(header.Columns) > MAX_PIXELS:
                raise DataError(
                    f"{name}: is {header.Columns}x{header.Rows}, more than {MAX_PIXELS // 10**6} million pixels"
                )
            frame: NDArray[Any] = pixels.pixel_array(header, index=number)
            if frame.ndim == 3:
                return frame if frame.dtype == np.uint8 else (frame >> 8).astype(np.uint8)
            return _rescaled(pixels.apply_modality_lut(frame, header), header, number)
    except (DataError, MemoryError):
        raise
    except Exception as error:
        raise DataError(
            f"{name}: its pixels cannot be decoded (damaged, or of a compression that needs another library, see "
            f"pydicom's documentation): {literal(str(error))[:200]}"
        ) from error


def is_inverted(header: Any) -> bool:
    """Whether high intensities are meant to be dark."""
    return str(header.get("PhotometricInterpretation", "")) == "MONOCHROME1"


def own_window(header: Any, number: int, name: str) -> tuple[float, float]:
    """Return the window that the file itself states, the first if there are several. Raises DataError."""
    center = _grouped(header, number, "FrameVOILUTSequence", "WindowCenter")
    width = _grouped(header, number, "FrameVOILUTSequence", "WindowWidth")
    function = str(_grouped(header, number, "FrameVOILUTSequence", "VOILUTFunction") or "LINEAR")
    try:
        middle, span = (float(value[0] if hasattr(value, "__len__") else value) for value in (center, width))
    except (TypeError, ValueError, IndexError) as error:
        raise DataError(
            f"{name}: states no window of its own; set dataset.window to [low, high], 'percentile' or 'range'"
        ) from error
    if function == "LINEAR":
        middle, span = middle - 0.5, span - 1
    if function not in ("LINEAR", "LINEAR_EXACT") or not span > 0:
        raise DataError(f"{name}: states a window that is not linear; set dataset.window to [low, high]")
    return middle - span / 2, middle + span / 2


def oriented(frame: NDArray[Any], header: Any, number: int, options: SourceOptions, name: str) -> NDArray[Any]:
    """Turn and flip a frame, whatever its plane, as the options say. Raises DataError."""
    if options.orientation == "stored":
        return frame
    stated = _grouped(header, number, "PlaneOrientationSequence", "ImageOrientationPatient")
    try:
        cosines = np.array([float(value) for value in stated]).reshape(2, 3)
    except (TypeError, ValueError):
        cosines = np.zeros((2, 3))
    right, down = (int(axis) for axis in np.abs(cosines).argmax(axis=1))
    if right == down or not np.isfinite(cosines).all():
        raise DataError(
            f"{name}: does not state its orientation; show it as it is stored: dataset.orientation = 'stored'"
        )
    plane = _PLANES[3 - right - down]
    wanted_down, wanted_right = directions(options.orientation if plane == options.plane else "", plane)
    if axis_of(wanted_down) == right:
        frame, cosines, right, down = frame.T, cosines[::-1], down, right
    if _LPS[down][int(cosines[1, down] > 0)] != wanted_down:
        frame = frame[::-1]
    if _LPS[right][int(cosines[0, right] > 0)] != wanted_right:
        frame = frame[:, ::-1]
    return frame


def _rescaled(frame: NDArray[Any], header: Any, number: int) -> NDArray[Any]:
    """Apply the rescaling of enhanced multi-frame files, which apply_modality_lut does not look for."""
    if "RescaleSlope" in header or "ModalityLUTSequence" in header:
        return frame
    slope = _grouped(header, number, "PixelValueTransformationSequence", "RescaleSlope")
    if slope is None:
        return frame
    inter = _grouped(header, number, "PixelValueTransformationSequence", "RescaleIntercept")
    return frame.astype(np.float64) * float(slope) + float(inter or 0)


def _grouped(header: Any, number: int, sequence: str, attribute: str) -> Any:
    """Return an attribute of the file, or of the functional groups of all frames or of this one."""
    if header.get(attribute) is not None:
        return header.get(attribute)
    shared = header.get("SharedFunctionalGroupsSequence") or []
    per_frame = header.get("PerFrameFunctionalGroupsSequence") or []
    for group in [*shared[:1], *per_frame[number : number + 1]]:
        for item in group.get(sequence) or []:
            if item.get(attribute) is not None:
                return item.get(attribute)
    return None
