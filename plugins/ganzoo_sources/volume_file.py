"""Volume file: NIfTI, Analyze or FreeSurfer, opened without its intensities, its size judged by its header."""

from __future__ import annotations

import gzip
import logging
import struct
import warnings
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import DataError
from ganzoo.data import MAX_PIXELS, FoundFile, file_fingerprint, require_extra
from ganzoo.text import reason_of

VOLUME_SUFFIXES = (".nii.gz", ".nii", ".hdr.gz", ".hdr", ".mgz", ".mgh")
MAX_BYTES = 2**30
MAX_PACKED_BYTES = 2**29  # of what must be unpacked into memory
_MAX_OFFSET = 2**24  # of the intensities in a NIfTI file: what lies before them is read at once
_START_BYTES = 544
_FREESURFER = (".mgz", ".mgh")
_GZIP = b"\x1f\x8b"
_LABELS = 1002  # NIFTI_INTENT_LABEL: values are names of what is there
_MGH_BYTES = {0: 1, 1: 4, 3: 4, 4: 2, 10: 2}  # by FreeSurfer's type: uchar, int, float, short, ushort
# Analyze 7.5, data_history.orient: transverse, coronal, sagittal; then the two of them with flipped rows that ITK, CMTK
# and the MRI toolbox of EEGLAB read alike; what the axes point to.
_ANALYZE_AXES = {b"": "LAS", b"\0": "LAS", b"\1": "LSA", b"\2": "ASL", b"\3": "LPS", b"\4": "LIA"}
_SAGITTAL_FLIPPED = b"\5"  # rows flipped to those two programs, slices from the left to ITK


def is_volume(file: FoundFile) -> bool:
    """Whether a file is a volume by its name; a header of a pair, which others call their files too, by content."""
    if file.name.endswith(".hdr"):
        return _byte_order(file.start) is not None and images_of(file.path).is_file()
    return file.name.endswith(VOLUME_SUFFIXES) and (not file.name.endswith(".hdr.gz") or images_of(file.path).is_file())


def images_of(path: Path) -> Path:
    """Return the file that holds the intensities: of a pair `.hdr` and `.img` the other one."""
    name = path.name
    for header, image in ((".hdr", ".img"), (".HDR", ".IMG")):
        if name.endswith((header, f"{header}.gz")):
            start, _, end = name.rpartition(header)
            return path.with_name(f"{start}{image}{end}")
    return path


def fingerprint_of(path: Path) -> str:
    """Return what changes when a volume does, one of two files too."""
    own, other = path, images_of(path)
    return file_fingerprint(own) if own == other else f"{file_fingerprint(own)}+{file_fingerprint(other)}"


def open_volume(path: Path, name: str) -> Any:
    """Open a volume without reading its intensities. Raises DataError."""
    require_extra("nibabel", "nifti", "volumes")
    logging.getLogger("nibabel.global").disabled = True  # it logs what it then raises
    try:
        start = _start(path)
        _judge_size(path, start, name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files that nibabel leaves to be closed by Python
            image = _reader(path, start).from_filename(path)
        _refuse_odd(image, name)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # ImageFileError, HeaderDataError, OSError, EOFError, zlib.error and more
        raise DataError(f"{name}: is no volume or a damaged one: {reason_of(error)}") from error
    return image


def axes_of(image: Any, name: str) -> Any:
    """Return, for each stored axis, which of right, anterior, superior it lies along and in which sense: `[3, 2]`.

    Raises:
        DataError: It does not say so.
    """
    nibabel = require_extra("nibabel", "nifti", "volumes")
    unstated = f"{name}: does not state its orientation; show its slices as stored: dataset.orientation = 'stored'"
    if "orient" in image.header and "sform_code" not in image.header:
        code = bytes(image.header["orient"])
        if code == _SAGITTAL_FLIPPED:
            raise DataError(
                f"{name}: states the orientation 'sagittal flipped' (5), which programs read in two ways, upside down "
                "or from the other side; show its slices as stored: dataset.orientation = 'stored'"
            )
        if code not in _ANALYZE_AXES:
            raise DataError(unstated)
        return nibabel.orientations.axcodes2ornt(_ANALYZE_AXES[code])
    if image.header.get("sform_code", 1) == 0 and image.header.get("qform_code", 1) == 0:
        raise DataError(unstated)
    try:
        with np.errstate(all="ignore"):
            found = nibabel.io_orientation(image.affine)
    except (np.linalg.LinAlgError, ValueError):
        found = np.full((3, 2), np.nan)
    if not np.isfinite(found).all() or sorted(found[:, 0]) != [0, 1, 2]:
        raise DataError(f"{name}: its orientation cannot be made out of its affine matrix")
    return found


def is_of_labels(image: Any) -> bool:
    """Whether a header says that values are names of what is there."""
    return bool("intent_code" in image.header and int(image.header["intent_code"]) == _LABELS)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
    if packed:
        with gzip.open(path) as unpacked:
            return unpacked.read(_START_BYTES)
    with path.open("rb") as file:
        return file.read(_START_BYTES)


def _byte_order(start: bytes) -> str | None:
    """Return the byte order of a NIfTI or Analyze header, by its own size; None where it is none."""
    sizes = {order: struct.unpack_from(f"{order}i", start)[0] for order in "<>"} if len(start) >= 4 else {}
    return next((order for order, size in sizes.items() if size in (348, 540)), None)


def _reader(path: Path, start: bytes) -> Any:
    nibabel = require_extra("nibabel", "nifti", "volumes")
    if path.name.lower().endswith(_FREESURFER):
        return nibabel.MGHImage
    order = _byte_order(start)
    longer = order is not None and struct.unpack_from(f"{order}i", start)[0] == 540
    if images_of(path) == path:
        return nibabel.Nifti2Image if longer else nibabel.Nifti1Image
    if longer:
        return nibabel.Nifti2Pair
    return nibabel.Nifti1Pair if start[344:347] == b"ni1" else nibabel.AnalyzeImage


def _judge_size(path: Path, start: bytes, name: str) -> None:
    """Refuse what is too large, by what its header says: nothing is unpacked for it."""
    if len(start) < (284 if path.name.lower().endswith(_FREESURFER) else 348):
        raise DataError(f"{name}: {'is cut off within its header' if start else 'is empty'}")
    shape, bytes_each, offset = _stated_size(path, start)
    size = prod(shape) * bytes_each
    with images_of(path).open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
    most = MAX_PACKED_BYTES if packed else MAX_BYTES
    if size > most:
        shown = " x ".join(str(side) for side in shape)
        raise DataError(
            f"{name}: {shown} voxels of {bytes_each:g} bytes are {size / 2**30:,.2f} GiB, more than the "
            f"{most / 2**30:g} GiB that are read of {'packed ' * packed}volumes"
        )
    if not 0 <= offset <= _MAX_OFFSET:
        raise DataError(f"{name}: is damaged: its intensities would begin at byte {offset:,}")


def _stated_size(path: Path, start: bytes) -> tuple[tuple[int, ...], float, int]:
    """Return shape, bytes of a voxel and where intensities begin; an empty shape where the header is none."""
    if path.name.lower().endswith(_FREESURFER):
        numbers = struct.unpack_from(">6i", start)
        return tuple(max(side, 1) for side in numbers[1:5]), _MGH_BYTES.get(numbers[5], 4), 0
    order = _byte_order(start)
    if order is None:
        return (0,), 0, 0
    if struct.unpack_from(f"{order}i", start)[0] == 540:
        sides, bits, offset = struct.unpack_from(f"{order}8q", start, 16), start[14:16], 168
        begin = struct.unpack_from(f"{order}q", start, offset)[0]
    else:
        sides, bits = struct.unpack_from(f"{order}8h", start, 40), start[72:74]
        # Of the header of a pair this is an offset in the other file, and of Analyze it may be anything.
        begin = struct.unpack_from(f"{order}f", start, 108)[0] if images_of(path) == path else 0
    count = min(max(int(sides[0]), 0), 7)
    shape = tuple(max(int(side), 1) for side in sides[1 : 1 + count])
    return shape, struct.unpack(f"{order}h", bits)[0] / 8, int(begin) if abs(begin) < 2**62 else -1


def _refuse_odd(image: Any, name: str) -> None:
    shape = image.shape
    shown = " x ".join(str(side) for side in shape)
    if len(shape) < 3 or 0 in shape or any(side != 1 for side in shape[3:]):
        raise DataError(f"{name}: has the shape {shown}; a volume has three axes: take one time point or channel of it")
    dtype = image.get_data_dtype()
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise DataError(f"{name}: holds {dtype}, not intensities")
    if prod(int(side) for side in shape) * dtype.itemsize > MAX_BYTES:
        raise DataError(f"{name}: {shown} of {dtype} is more than {MAX_BYTES // 2**30} GiB")
    if sorted(shape[:3])[1] * max(shape[:3]) > MAX_PIXELS:
        raise DataError(f"{name}: {shown} has slices of more than {MAX_PIXELS // 10**6} million pixels")
