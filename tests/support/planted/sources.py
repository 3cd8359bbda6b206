"""Source formats with planted bugs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import DataError, Entry, Source, StatedClasses
from ganzoo.data import file_fingerprint
from planted.bug import PlantedBug, planted

SOURCES: list[PlantedBug] = []
_RECORD = 1 + 8 * 8  # a label and an image


class Sound(Source):
    """Batches of gray images of 8x8 pixels, each behind its label, in a folder with a list of classes."""

    name = "records"
    takes_files = False

    @classmethod
    def recognizes_folder(cls, names: Any) -> bool:
        return "classes.records" in names

    @classmethod
    def example_root(cls, folder: Path) -> Path:
        rng = np.random.default_rng(0)
        for name in ("data_1.rec8", "data_2.rec8", "data_10.rec8"):
            rows = rng.integers(0, 256, (3, _RECORD), np.uint8)
            rows[:, 0] = (0, 2, 1)
            (folder / name).write_bytes(rows.tobytes())
        (folder / "classes.records").write_text("cat dog horse")
        return folder

    def files(self):
        return sorted(self.root.glob("*.rec8"))

    def fingerprint(self, path):
        return file_fingerprint(path)

    def entries(self) -> list[Entry]:
        found = []
        for path in self.files():
            data = np.fromfile(path, np.uint8)
            if len(data) % _RECORD:
                raise DataError(f"{path.name}: is no whole number of records; it may be cut off")
            labels = data.reshape(-1, _RECORD)[:, 0]
            found += [
                Entry(f"{path.name}/{number:03d}", self.fingerprint(path), label=self.label(int(label)))
                for number, label in enumerate(labels)
            ]
        return found

    def label(self, number):
        return number

    def classes(self) -> StatedClasses:
        return StatedClasses(names=tuple((self.root / "classes.records").read_text().split()))

    def picture(self, key: str) -> Any:
        match = re.fullmatch(r"(\w+\.rec8)/(\d+)", key)
        path = self.root / match[1] if match else None
        if match is None or path not in self.files():
            raise DataError(f"{key}: is not in {self.root.name}")
        start = int(match[2]) * _RECORD
        return self.image(path.read_bytes()[start : start + _RECORD], key)

    def image(self, record, key):
        if len(record) < _RECORD:
            raise DataError(f"{key}: is not in {self.root.name}")
        return np.frombuffer(record[1:], np.uint8).reshape(8, 8)


@planted(SOURCES, "order in which the file system gives them", "sort")
class Unsorted(Sound):
    def files(self):
        return list(self.root.glob("*.rec8"))


@planted(SOURCES, "the same fingerprint", "file_fingerprint")
class FingerprintOfName(Sound):
    def fingerprint(self, path):
        return path.name


@planted(SOURCES, "has the label 3", "3 names", "from 0")
class LabelsFromOne(Sound):
    def label(self, number):
        return number + 1


@planted(SOURCES, "a key that it has not, 'data_1.rec8/9999'")
class BlackBehindTheEnd(Sound):
    def image(self, record, key):
        return super().image(record.ljust(_RECORD, b"\0"), key)


@planted(SOURCES, "claims a folder of files that are not of its format")
class ClaimsAnyJson(Sound):
    @classmethod
    def recognizes_folder(cls, names: Any) -> bool:
        return any(name.endswith((".records", ".json")) for name in names)


@planted(SOURCES, "raises ValueError", "of which half is missing", "DataError")
class CutOff(Sound):
    def entries(self):
        found = []
        for path in self.files():
            labels = np.fromfile(path, np.uint8).reshape(-1, _RECORD)[:, 0]
            found += [Entry(f"{path.name}/{number:03d}", self.fingerprint(path)) for number in range(len(labels))]
        return found
