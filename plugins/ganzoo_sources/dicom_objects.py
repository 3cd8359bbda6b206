"""DICOM objects: which are images of the subject and which are not, by what they say they are.

Facts: DICOM PS3.3, A.51 (segmentation), A.18 (RT dose), C.7.6.1.1.2 and C.8.16.1 (image type), PS3.4, B.5 (classes),
PS3.3, C.8.12.4.1.1 (labels and overviews of slides). Scanners save reports of the dose as pictures, whose image type
has words of their makers: SCREEN SAVE (GE), CT_SOM5 PROT (Siemens), DOSE_INFO (Philips).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

Kind = Literal["segmentation", "localizer", "report", "dose", "label"]
"""What has pixels and is no image of the subject: a mask, a scout, a report, a dose grid, the label of a slide."""

IMAGE, WITHOUT_PIXELS = "image", "without pixels"
_CALLED: dict[str, tuple[str, str]] = {
    "segmentation": ("segmentation", "segmentations"),
    "localizer": ("localizer", "localizers"),
    "report": ("report saved as a picture", "reports saved as pictures"),
    "dose": ("dose grid", "dose grids"),
    "label": ("label or overview of a slide", "labels or overviews of slides"),
    WITHOUT_PIXELS: ("without pixels", "without pixels"),
}
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_CLASSES: dict[str, Kind] = {
    f"{_STORAGE}66.4": "segmentation",  # Segmentation Storage
    f"{_STORAGE}66.7": "segmentation",  # Label Map Segmentation Storage
    f"{_STORAGE}481.2": "dose",  # RT Dose Storage
}
_MODALITIES: dict[str, Kind] = {"SEG": "segmentation", "RTDOSE": "dose", "SR": "report", "DOC": "report"}
_SLIDE = f"{_STORAGE}77.1.6"  # VL Whole Slide Microscopy Image Storage
_SLIDE_EXTRAS = {"LABEL", "OVERVIEW", "THUMBNAIL"}
_WITH_POSITION = tuple(f"{_STORAGE}{number}" for number in ("2", "4", "128", "130"))  # CT, MR and PET, enhanced or not


def kind_of(sop_class: str, modality: str, image_type: Sequence[str], *, has_pixels: bool) -> str:
    """Return `IMAGE`, `WITHOUT_PIXELS` or a `Kind`.

    Args:
        sop_class: UID of the object's class.
        modality: Such as `CT`; segmentations and reports have modalities of their own.
        image_type: The values of ImageType.
        has_pixels: Whether the header says how many rows the image has.
    """
    if not has_pixels:
        return WITHOUT_PIXELS
    words = {value.strip().upper() for value in image_type}
    if kind := _CLASSES.get(sop_class) or _MODALITIES.get(modality.strip().upper()):
        return kind
    if sop_class == _SLIDE and words & _SLIDE_EXTRAS:
        return "label"
    if words & {"LOCALIZER", "SCOUT"}:
        return "localizer"
    if any("DOSE" in word or word == "SCREEN SAVE" or word.endswith(" PROT") for word in words):
        return "report"
    return IMAGE


def has_position(sop_class: str) -> bool:
    """Whether images of a class lie in the body in a stated way, as slices of CT, MR and PET do and X-rays do not."""
    return any(sop_class == known or sop_class.startswith(f"{known}.") for known in _WITH_POSITION)


def counted(kinds: Iterable[str]) -> str:
    """Say how many objects of each kind there are; empty for none."""
    counts = Counter(kinds)
    return ", ".join(f"{counts[kind]:,} {names[counts[kind] > 1]}" for kind, names in _CALLED.items() if counts[kind])


def keepable(kinds: Iterable[str]) -> list[str]:
    """Return those kinds that have pixels, in their order."""
    found = set(kinds)
    return [kind for kind in get_args(Kind) if kind in found]
