"""DICOM listing: what each file of a root states in its header, read once and kept between runs."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from ganzoo import DataError
from ganzoo.data import recall, remember
from ganzoo.text import literal
from ganzoo_sources.dicom_files import DicomFiles
from ganzoo_sources.dicom_frame import PALETTE
from ganzoo_sources.dicom_header import decoding, read_attributes
from ganzoo_sources.dicom_objects import kind_of

_VERSION = 2  # counts up when `Header` or what it is made of changes
_SALT = "ganzoo-patient-1"
_WORTH_KEEPING = 50
_MAX_FRAMES = 100_000

_IMAGE_TYPE, _CLASS, _MODALITY = 0x00080008, 0x00080016, 0x00080060
_PATIENT, _STUDY, _SERIES, _INSTANCE = 0x00100020, 0x0020000D, 0x0020000E, 0x00200013
_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS = 0x00280002, 0x00280004, 0x00280008, 0x00280010
_RESCALE_TYPE = 0x00281054
_TAGS = [
    _IMAGE_TYPE, _CLASS, _MODALITY, _PATIENT, _STUDY, _SERIES, _INSTANCE, _SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS,
    _RESCALE_TYPE,
]  # fmt: skip


@dataclass(frozen=True)
class Header:
    """What a file states, as far as it may be kept: whom it shows only by hashes.

    Attributes:
        kind: `IMAGE`, or what else it is; see `kind_of`.
        frames: Number of frames.
        is_color: Whether it has colors.
        patient: Hash of PatientID.
        study: Hash of StudyInstanceUID and the patient.
        series: Hash of SeriesInstanceUID, the study and the unit of intensities: what shares a window.
        instance: Number of the file within its series.
    """

    kind: str
    frames: int
    is_color: bool
    patient: str
    study: str
    series: str
    instance: int


@dataclass(frozen=True)
class Listed:
    """A file of a root, and its header unless that cannot be read."""

    name: str
    fingerprint: str
    header: Header | None

    @property
    def keys(self) -> list[str]:
        """The keys of its frames."""
        return [f"{self.name}#{number}" for number in range(self.header.frames if self.header else 1)]

    @property
    def series(self) -> str:
        """What shares its window: a series, or the file alone where it states none."""
        return (self.header.series if self.header else "") or self.name


def list_headers(files: DicomFiles, root: Path) -> list[Listed]:
    """List the files of a root with their headers; those known from an earlier time are not read again.

    Raises:
        DataError: The root cannot be listed. Files that cannot be read are listed without a header.
    """
    identity = f"dicom {_VERSION}\0{root.resolve()}"
    known = _recalled(identity)
    found, rows, read = [], {}, 0
    for name, fingerprint in files.listed():
        row = hashlib.sha256(f"{name}\0{fingerprint}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
        header = known.get(row)
        if header is None:
            read += 1
            header = _read(files, name)
        if header is not None:
            rows[row] = header
        found.append(Listed(name, fingerprint, header))
    if read >= _WORTH_KEEPING:
        remember(identity, json.dumps({row: astuple(header) for row, header in rows.items()}).encode())
    return found


def members_of(listed: Iterable[Listed]) -> dict[str, list[str]]:
    """Return the keys of the gray frames of each series."""
    series: dict[str, list[str]] = {}
    for file in listed:
        if file.header and not file.header.is_color:
            series.setdefault(file.series, []).extend(file.keys)
    return series


def numbered(listed: Iterable[Listed]) -> dict[str, int]:
    """Return the number of each frame within its series, from 0, in the order of InstanceNumber."""
    ordered = sorted(listed, key=lambda file: (file.series, file.header.instance if file.header else 0, file.name))
    numbers: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for file in ordered:
        for key in file.keys:
            numbers[key] = counts[file.series]
            counts[file.series] += 1
    return numbers


def _read(files: DicomFiles, name: str) -> Header | None:
    try:
        with decoding(name), files.open(name) as file:
            return _header(read_attributes(file, _TAGS, literal(name)))
    except DataError:
        return None


def _header(elements: dict[int, Any]) -> Header:
    patient, study, series = (_text(elements.get(tag)) for tag in (_PATIENT, _STUDY, _SERIES))
    frames, instance = _text(elements.get(_FRAMES)) or "1", _text(elements.get(_INSTANCE))[:12]
    return Header(
        kind=kind_of(
            _text(elements.get(_CLASS)),
            _text(elements.get(_MODALITY)),
            _text(elements.get(_IMAGE_TYPE)).split("\\"),
            has_pixels=_ROWS in elements,
        ),
        frames=min(int(frames), _MAX_FRAMES) if frames.isascii() and frames.isdigit() else 1,
        is_color=_number(elements.get(_SAMPLES)) > 1 or _text(elements.get(_PHOTOMETRIC)) == PALETTE,
        patient=_hashed(patient),
        study=_hashed(study, patient),
        series=_hashed(series, study, patient, _text(elements.get(_RESCALE_TYPE))),
        instance=int(instance) if instance.isascii() and instance.isdigit() else 0,
    )


def _recalled(identity: str) -> dict[str, Header]:
    data = recall(identity)
    if data is None:
        return {}
    try:
        rows = json.loads(data)
        return {row: Header(*values) for row, values in rows.items() if len(values) == len(fields(Header))}
    except (ValueError, AttributeError, TypeError):
        return {}


def _text(element: Any) -> str:
    """Return a raw element's text as it is stored; several values are parted by backslashes."""
    value = getattr(element, "value", None) or b""
    return (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip(" \0")


def _number(element: Any) -> int:
    value = getattr(element, "value", None) or 0
    if isinstance(value, bytes):
        return int.from_bytes(value[:2], "little" if element.is_little_endian else "big")
    return int(value)


def _hashed(text: str, *more: str) -> str:
    """Return a hash of a text and what it is meant in; empty where there is no text."""
    whole = "\0".join([_SALT, text, *more])
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:24] if text else ""
