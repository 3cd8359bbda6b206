"""DICOM format: each frame is an image; rescaled, windowed, oriented, and the patient known only by a hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import ComponentOptions, DataError
from ganzoo.data import (
    Entry,
    FoundFile,
    ImageTree,
    Picture,
    ReadingRule,
    Source,
    SourceOptions,
    Window,
    bounds_of,
    file_fingerprint,
    find_files,
    place_of,
)
from ganzoo.text import literal
from ganzoo_sources.dicom_frame import decoding, intensities, is_inverted, oriented, own_window, read_dicom
from ganzoo_sources.volume import framed

_PREAMBLE = 128
_MARK = b"DICM"
_SAMPLED = 2**21
_SALT = "ganzoo-patient-1"
_MAX_FRAMES = 100_000


class DicomSource(Source):
    """DICOM files, one or all below a folder; the files of one series in one folder share a window."""

    name = "dicom"
    suffixes = (".dcm", ".dicom", ".ima")
    reads_trees = True
    precedence = -2
    holds_volumes = True

    def __init__(self, options: ComponentOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._tree: ImageTree | None = None
        self._last: tuple[str, Any] | None = None
        self._series: dict[str, tuple[str, ...]] = {}
        self._windows: dict[tuple[str, Window], tuple[float, float]] = {}

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return file.name != "dicomdir" and file.start[_PREAMBLE : _PREAMBLE + len(_MARK)] == _MARK

    @classmethod
    def belongs(cls, file: FoundFile) -> bool:
        return file.path.is_file() and super().belongs(file)

    def entries(self) -> Sequence[Entry]:
        if self.root.is_file():
            files = [(self.root.name, file_fingerprint(self.root))]
        else:
            self._tree = find_files(self.root, self.belongs, follow_links=self.reading.follow_links)
            files = [(file.key, file.fingerprint) for file in self._tree.files]
        return [entry for name, fingerprint in files for entry in self._frames(name, fingerprint)]

    def picture(self, key: str) -> Picture:
        name, number = place_of(key)
        with decoding(literal(key)):
            header = self._read(name)
            frame = intensities(header, number, literal(key))
            if frame.ndim == 3:
                return frame
            black = self._bounds(name, number, self.reading.window)[0]
            frame = oriented(frame, header, number, self.reading, literal(key)).astype(np.float64)
            frame = framed(frame, self.reading.frame, black)
            return -frame if is_inverted(header) else frame

    def window_for(self, key: str, rule: ReadingRule) -> Window:
        name, number = place_of(key)
        with decoding(literal(key)):
            low, high = self._bounds(name, number, rule.window)
            return (-high, -low) if is_inverted(self._read(name)) else (low, high)

    def found(self) -> str:
        return self._tree.found() if self._tree else "nothing"

    def _frames(self, name: str, fingerprint: str) -> Iterator[Entry]:
        """List the frames of a file; one that cannot be read stands as a single entry, to be reported by name."""
        try:
            header = read_dicom(self._path(name), literal(name), pixels=False)
        except DataError:
            yield Entry(f"{name}#0", fingerprint)
            return
        if "Rows" not in header:
            return  # a report or another object without an image
        patient = str(header.get("PatientID") or header.get("StudyInstanceUID") or "")
        count = header.get("NumberOfFrames", 1)
        for number in range(min(int(count), _MAX_FRAMES) if str(count).isdigit() else 1):
            yield Entry(f"{name}#{number}", fingerprint, subject=_hashed(patient), together=_hashed(_series(header)))

    def _path(self, name: str) -> Path:
        return self.root if self.root.is_file() else self.root / name

    def _read(self, name: str) -> Any:
        if self._last is None or self._last[0] != name:
            self._last = name, read_dicom(self._path(name), literal(name))
        return self._last[1]

    def _bounds(self, name: str, number: int, window: Window) -> tuple[float, float]:
        if isinstance(window, tuple):
            return window
        header = self._read(name)
        if window == "header":
            return own_window(header, number, literal(name))
        if is_color(header):
            return 0, 255
        identity = f"{PurePosixPath(name).parent}\0{_series(header)}"
        if (identity, window) not in self._windows:
            self._windows[identity, window] = self._series_bounds(name, _series(header), window)
        return self._windows[identity, window]

    def _series_bounds(self, name: str, series: str, window: Window) -> tuple[float, float]:
        """Return the window of a series, from at most two million of its intensities."""
        members = self._members(name, series)
        each = max(_SAMPLED // len(members), 1024)
        samples = []
        for member in members:
            try:
                values = intensities(read_dicom(self._path(member), literal(member)), 0, literal(member)).ravel()
            except DataError:
                if member == name:
                    raise
                continue  # it is reported when its own turn comes
            samples.append(np.array([values.min(), values.max()]) if window != "percentile" else _thinned(values, each))
        return bounds_of(np.concatenate(samples), window, literal(name))

    def _members(self, name: str, series: str) -> tuple[str, ...]:
        """Return the files of a series that lie beside `name`."""
        if self.root.is_file() or not series:
            return (name,)
        folder = (self.root / name).parent
        found = []
        for path in sorted(folder.iterdir()):
            if not path.name.startswith(".") and self.belongs(FoundFile(path)):
                try:
                    header = read_dicom(path, literal(path.name), pixels=False)
                except DataError:
                    continue
                if _series(header) == series and "Rows" in header and not is_color(header):
                    found.append(path.relative_to(self.root).as_posix())
        return tuple(found) or (name,)


def is_color(header: Any) -> bool:
    """Whether an image has more than one channel."""
    return int(header.get("SamplesPerPixel", 1) or 1) != 1


def _series(header: Any) -> str:
    return str(header.get("SeriesInstanceUID", ""))


def _hashed(text: str) -> str:
    return hashlib.sha256(f"{_SALT}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:24] if text else ""


def _thinned(values: NDArray[Any], count: int) -> NDArray[Any]:
    return values[:: max(1, -(-values.size // count))]
