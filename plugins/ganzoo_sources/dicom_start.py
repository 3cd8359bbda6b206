"""DICOM start: how a file of this format begins. Facts: DICOM PS3.10, 7.1 (preamble), PS3.5, 7.1 (elements)."""

from __future__ import annotations

import struct

DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
DICOM_DIRECTORY = "dicomdir"  # an index of files beside it, no image

META_AT = 132  # behind the preamble and its mark

_PREAMBLE, _MARK = 128, b"DICM"
_FIRST_GROUPS = (2, 8)  # of file meta information, and of the identifying elements


def starts_like_dicom(start: bytes) -> bool:
    """Whether a file is DICOM by its first 512 bytes: it has a preamble, or begins at once with elements."""
    return has_preamble(start) or _has_elements(start)


def has_preamble(start: bytes) -> bool:
    """Whether a file begins with the preamble and its mark, as the standard asks."""
    return start[_PREAMBLE : _PREAMBLE + len(_MARK)] == _MARK


def _has_elements(start: bytes) -> bool:
    """Whether two elements in a row stand there, little endian as in nearly all files."""
    first = _element(start, 0)
    if first is None or first[0][0] not in _FIRST_GROUPS:
        return False
    second = _element(start, first[1])
    return second is not None and second[0] > first[0] and second[0][0] in _FIRST_GROUPS


def _element(start: bytes, at: int) -> tuple[tuple[int, int], int] | None:
    """Return the tag of the element that begins at a byte, and where the next begins; None where there is none.

    Its length has four bytes where the type of the value is implicit, two after the type's two letters where not.
    """
    if len(start) < at + 8:
        return None
    group, number = struct.unpack_from("<HH", start, at)
    kind = start[at + 4 : at + 6]
    explicit = kind.isalpha() and kind.isupper()
    (length,) = struct.unpack_from("<H", start, at + 6) if explicit else struct.unpack_from("<L", start, at + 4)
    return ((group, number), at + 8 + length) if length < len(start) else None
