"""Options of data sets that read any source: where it is, and what of it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from ganzoo.data.images.options import ReadingOptions

SourceKind = Literal["auto", "folder", "zip", "array", "lmdb", "tfrecords", "nifti", "dicom", "arrow"]
Plane = Literal["axial", "coronal", "sagittal"]

_AXES = ("RL", "AP", "SI")
_PLANE_AXES: dict[str, tuple[int, int]] = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}


class SourceOptions(ReadingOptions):
    """Where the images are and, for volumes and arrays, which of them are shown and how."""

    root: Path = Field(description="Folder, archive or file that holds the images.")
    source: SourceKind = Field(
        default="auto",
        description="What root is: 'folder' of images, 'zip', 'array' (.npy, .npz), 'lmdb', 'tfrecords', 'nifti', "
        "'dicom', 'arrow'; 'auto' looks.",
    )
    follow_links: bool = Field(default=False, description="Follow links that lead out of root.")
    per_subject: NonNegativeInt = Field(
        default=0,
        description="Arrays, LMDB, TFRecords: how many images in a row show one subject; 0: the source says, or "
        "each stands alone.",
    )
    plane: Plane = Field(default="axial", description="Volumes: the plane of their slices.")
    orientation: str = Field(
        default="",
        description="Volumes and DICOM: which way is down and which right, such as 'PL' (posterior, left), the default "
        "for axial slices as 'IL' is for coronal and 'IP' for sagittal ones; 'stored': as in the file.",
    )
    slices: tuple[NonNegativeInt, NonNegativeInt] | None = Field(
        default=None, description="Volumes: number of the first and of the last slice used; default: all."
    )
    foreground: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Volumes: leave out slices of which less than this share is brighter than a twentieth of the "
        "window.",
    )
    frame: PositiveInt | None = Field(
        default=None,
        description="Volumes and DICOM: side, in pixels, of the square around the centre that is shown; what it "
        "reaches beyond the slice is black.",
    )

    @field_validator("slices")
    @classmethod
    def _in_order(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value and value[0] > value[1]:
            raise ValueError("needs [first, last] with first <= last")
        return value

    @model_validator(mode="after")
    def _lies_in_its_plane(self) -> SourceOptions:
        if self.orientation not in ("", "stored"):
            axes = [axis_of(letter) for letter in self.orientation]
            if len(axes) != 2 or len(set(axes)) != 2 or set(axes) != set(_PLANE_AXES[self.plane]):
                letters = ", ".join("".join(_AXES[axis]) for axis in _PLANE_AXES[self.plane])
                raise ValueError(
                    f"orientation = {self.orientation!r} does not lie in the {self.plane} plane: it names what is down "
                    f"and what is right, one letter each of {letters}; or it is 'stored'"
                )
        return self


def axis_of(letter: str) -> int | None:
    """Return the number of the axis, 0 to 2 in right-anterior-superior order, that a letter lies on."""
    return next((number for number, letters in enumerate(_AXES) if letter and letter in letters), None)


def directions(orientation: str, plane: str) -> tuple[str, str]:
    """Return what is down and what is right, with the radiologists' custom as default."""
    down, right = tuple(orientation or {"axial": "PL", "coronal": "IL", "sagittal": "IP"}[plane])
    return down, right
