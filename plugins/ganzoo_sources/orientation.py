"""Orientation: the axes of the body, and which way slices are shown."""

from __future__ import annotations

_AXES = ("RL", "AP", "SI")
# What is down and what is right, as radiologists look at slices; DICOM PS3.3 C.7.6.2.1.1 names the directions.
_CUSTOM = {"axial": "PL", "coronal": "IL", "sagittal": "IP"}


def axis_of(letter: str) -> int | None:
    """Return the number of the axis, 0 to 2 in right-anterior-superior order, that a letter lies on."""
    return next((number for number, letters in enumerate(_AXES) if letter and letter in letters), None)


def directions(orientation: str, plane: str) -> tuple[str, str]:
    """Return what is down and what is right, with the radiologists' custom as default."""
    down, right = tuple(orientation or _CUSTOM[plane])
    return down, right
