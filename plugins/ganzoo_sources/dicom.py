"""DICOM format: each frame is an image; rescaled, windowed, oriented, and the patient known only by a hash."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganzoo import ComponentOptions, DataError
from ganzoo.data import Entry, FoundFile, Picture, ReadingRule, Source, SourceOptions, Window, place_of
from ganzoo.text import literal
from ganzoo_sources.dicom_files import DicomFiles, is_dicom
from ganzoo_sources.dicom_frame import Frame
from ganzoo_sources.dicom_listing import Header, Listed, list_headers, members_of, numbered
from ganzoo_sources.dicom_objects import IMAGE, Kind, counted, keepable
from ganzoo_sources.dicom_reader import DicomReader
from ganzoo_sources.dicom_start import DICOM_DIRECTORY, DICOM_SUFFIXES
from ganzoo_sources.foreground import dark_text, is_dark


class DicomOptions(ComponentOptions):
    """Which DICOM objects are images of a subject, and who that is."""

    keep: tuple[Kind, ...] = Field(
        default=(),
        description="Objects with pixels that are left out unless they are named: 'segmentation', 'localizer', "
        "'report', 'dose', 'label'.",
    )
    subject: Literal["patient", "study"] = Field(
        default="patient",
        description="What is one subject: a PatientID, or a study, where all patients were given one PatientID.",
    )


class DicomSource(Source[DicomOptions]):
    """DICOM files, loose or in zips, one or all below a folder; the files of one series share a window."""

    name = "dicom"
    suffixes = DICOM_SUFFIXES
    reads_trees = True
    precedence = -2
    holds_volumes = True

    Options = DicomOptions

    @classmethod
    def example_root(cls, folder: Path) -> Path | None:
        from ganzoo_sources.examples import dicom_example

        return dicom_example(folder)

    def __init__(self, options: DicomOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._files = DicomFiles(self)
        self._reader = DicomReader(self._files)
        self._listed: dict[str, Listed] | None = None
        self._members: dict[str, list[str]] = {}
        self._windows: dict[tuple[str, Window], tuple[float, float]] = {}
        self._dark = ""

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return is_dicom(file)

    @classmethod
    def belongs(cls, file: FoundFile) -> bool:
        return file.path.is_file() and super().belongs(file)

    @classmethod
    def recognizes_folder(cls, names: Collection[str]) -> bool:
        return any(name.lower() == DICOM_DIRECTORY for name in names)

    def entries(self) -> Sequence[Entry]:
        self._listed, self._dark = None, ""
        entries = [entry for file in self._listing().values() for entry in self._entries_of(file)]
        if self.reading.slices:
            first, last = self.reading.slices
            numbers = numbered(self._images())
            entries = [entry for entry in entries if first <= numbers.get(entry.key, first) <= last]
        return self._bright(entries) if self.reading.foreground else entries

    def picture(self, key: str) -> Picture:
        frame = self._reader.frame(key)
        values = frame.values
        if not frame.color_bits:
            black, _ = self._bounds(key, frame, self.reading.window)
            values = self._displayed(frame, literal(key), black)
        return frame.placement.turn(self.reading, literal(key)).applied(values)

    def window_for(self, key: str, rule: ReadingRule) -> Window:
        return self._bounds(key, self._reader.frame(key), rule.window)

    def spacing_for(self, key: str) -> tuple[float, float] | None:
        placement = self._reader.frame(key).placement
        return placement.spacing and placement.turn(self.reading, literal(key)).of_spacing(placement.spacing)

    def found(self) -> str:
        left_out, others = counted(self._kinds_left_out()), self._files.others()
        return f"{left_out}; {others}" if left_out else others

    def left_out(self) -> str:
        kinds = self._kinds_left_out()
        names = ", ".join(f'"{name}"' for name in keepable(kinds))
        how = f' (dataset.source = {{ name = "dicom", keep = [{names}] }} keeps what has pixels)' if names else ""
        what = "DICOM file that is no image" if len(kinds) == 1 else "DICOM files that are no images"
        others = f"{len(kinds):,} {what} of the subject: {counted(kinds)}{how}" if kinds else ""
        return "; ".join(text for text in (others, self._dark) if text)

    def subject_advice(self) -> str:
        headers = [file.header for file in self._images() if file.header]
        patients, studies = {header.patient for header in headers}, {header.study for header in headers}
        if self.options.subject == "study" or len(patients) != 1 or len(studies) < 2:
            return ""
        return (
            f"All {len(headers):,} DICOM files state one PatientID, in {len(studies):,} studies: if these are of "
            'different people, let each study be a subject by dataset.source = { name = "dicom", subject = "study" }'
        )

    def _kinds_left_out(self) -> list[str]:
        headers = [file.header for file in (self._listed or {}).values() if file.header]
        return [header.kind for header in headers if not self._is_image(header)]

    def _is_image(self, header: Header) -> bool:
        return header.kind in (IMAGE, *self.options.keep)

    def _listing(self) -> dict[str, Listed]:
        if self._listed is None:
            self._listed = {file.name: file for file in list_headers(self._files, self.root)}
            self._members = members_of(self._images())
        return self._listed

    def _images(self) -> list[Listed]:
        return [file for file in (self._listed or {}).values() if file.header and self._is_image(file.header)]

    def _entries_of(self, file: Listed) -> Iterator[Entry]:
        """List the frames of a file; one that cannot be read stands as a single entry, to be reported by name."""
        header = file.header
        if header is None:
            yield Entry(f"{file.name}#0", file.fingerprint)
        elif self._is_image(header):
            whom = (header.patient, header.study)[:: 1 if self.options.subject == "patient" else -1]
            for key in file.keys:
                yield Entry(key, file.fingerprint, subject=whom[0] or whom[1], together=file.series)

    def _bright(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return those entries that show enough, reading series by series."""
        dark = {entry.key for entry in sorted(entries, key=lambda entry: entry.together) if self._is_dark(entry.key)}
        self._dark = dark_text(len(dark), len(entries), self.reading) if dark else ""
        return [entry for entry in entries if entry.key not in dark]

    def _is_dark(self, key: str) -> bool:
        try:
            frame = self._reader.frame(key)
            low, high = self._bounds(key, frame, self.reading.window)
        except DataError:
            return False  # it is reported when its own turn comes
        values = frame.values if frame.color_bits else self._displayed(frame, literal(key), low)
        return is_dark(values, low, high, self.reading)

    def _bounds(self, key: str, frame: Frame, window: Window) -> tuple[float, float]:
        """Return what is black and what is white in a frame as it is displayed."""
        if frame.color_bits:
            return window if isinstance(window, tuple) else (0, 2**frame.color_bits - 1)
        if isinstance(window, tuple):
            low, high = window
        elif window == "header":
            own = frame.window(literal(key))
            low, high = own.low, own.high
        else:
            low, high = self._of_series(key, window)
        return (-high, -low) if frame.inverted else (low, high)

    def _displayed(self, frame: Frame, name: str, black: float) -> NDArray[Any]:
        """Return intensities of which high ones are bright, and padding black."""
        values = frame.window(name).applied(frame.values) if self.reading.window == "header" else frame.values
        shown = -values.astype(np.float64) if frame.inverted else values.astype(np.float64)
        return shown if frame.padding is None else np.where(frame.padding, black, shown)

    def _of_series(self, key: str, window: Window) -> tuple[float, float]:
        file = self._listing().get(place_of(key)[0])
        series = file.series if file else key
        if (series, window) not in self._windows:
            keys = self._members.get(series, [key])
            self._windows[series, window] = self._reader.measured(keys, key, window)
        return self._windows[series, window]
