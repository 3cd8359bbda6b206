"""DICOM header: a file opened as a dataset, safely, and the attributes that any of its frames may have of its own."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from ganzoo import DataError
from ganzoo.data import require_extra
from ganzoo.text import reason_of
from ganzoo_sources.archive import MAX_MEMBER_BYTES
from ganzoo_sources.dicom_start import META_AT, has_preamble, starts_like_dicom

_START_BYTES = 1024
_AT_ONCE = 2**20
_DEFLATED = b"1.2.840.10008.1.2.1.99"  # Deflated Explicit VR Little Endian, PS3.5, A.5


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
        raise DataError(f"{name}: is no DICOM file or a damaged one: {reason_of(error)}") from error


def read_dataset(file: IO[bytes], name: str) -> Any:
    """Read a file as pydicom's dataset, pixels and all. Raises DataError."""
    pydicom = require_extra("pydicom", "dicom", "DICOM files")
    _check_start(file, name)
    with decoding(name):
        dataset = pydicom.dcmread(file, force=True)
        _state_syntax(dataset)
        return dataset


def read_attributes(file: IO[bytes], tags: list[int], name: str) -> dict[int, Any]:
    """Read some of the first attributes of a file, as pydicom's raw elements, and nothing behind them.

    Raises:
        DataError: It is no DICOM file, or a damaged one.
    """
    reader = require_extra("pydicom.filereader", "dicom", "DICOM files")
    _check_start(file, name)
    last = max(tags)
    with decoding(name):
        dataset = reader.read_partial(file, lambda tag, kind, length: tag > last, force=True)
        return {tag: dataset.get_item(tag) for tag in tags if tag in dataset}


def grouped(dataset: Any, number: int, sequence: str, attribute: str) -> Any:
    """Return an attribute of the file, or of the functional groups of all its frames or of this one; None for none."""
    if dataset.get(attribute) is not None:
        return dataset.get(attribute)
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    for group in [*per_frame[number : number + 1], *shared[:1]]:
        for item in group.get(sequence) or []:
            if item.get(attribute) is not None:
                return item.get(attribute)
    return None


def _check_start(file: IO[bytes], name: str) -> None:
    """Raise DataError for what is no DICOM file, whose bytes pydicom would take for lengths of gigabytes."""
    logging.getLogger("pydicom").disabled = True  # it logs what it then raises
    with decoding(name):
        start = file.read(_START_BYTES)
        if not starts_like_dicom(start):
            raise DataError(
                f"{name}: is no DICOM file or a damaged one: it begins neither with a preamble nor with DICOM elements"
            )
        if has_preamble(start) and _DEFLATED in start:
            _refuse_bomb(file, start, name)
        file.seek(0)


def _refuse_bomb(file: IO[bytes], start: bytes, name: str) -> None:
    """Raise DataError where what is deflated is larger than a file may be: pydicom inflates it all at once."""
    (length,) = struct.unpack_from("<L", start, META_AT + 8)
    file.seek(META_AT + 12 + length)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    size, data = 0, file.read(_AT_ONCE)
    while data:
        size += len(inflater.decompress(data, _AT_ONCE))
        if size > MAX_MEMBER_BYTES:
            raise DataError(f"{name}: has more than {MAX_MEMBER_BYTES // 2**20} MiB")
        data = inflater.unconsumed_tail or file.read(_AT_ONCE)


def _state_syntax(dataset: Any) -> None:
    """State the encoding of a file that does not: of one without meta information, pydicom knows it only by itself."""
    meta = getattr(dataset, "file_meta", None)
    if meta is None:
        meta = dataset.file_meta = require_extra("pydicom.dataset", "dicom", "DICOM files").FileMetaDataset()
    if "TransferSyntaxUID" not in meta:
        implicit, little = dataset.original_encoding
        uids = require_extra("pydicom.uid", "dicom", "DICOM files")
        explicit = uids.ExplicitVRLittleEndian if little else uids.ExplicitVRBigEndian
        meta.TransferSyntaxUID = uids.ImplicitVRLittleEndian if implicit else explicit
