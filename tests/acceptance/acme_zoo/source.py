"""A source format: a text file with a line per image, which says where its bar is and how bright."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganzoo import DataError, Entry, Source
from ganzoo.data import FoundFile, Picture, file_fingerprint

FIRST_LINE = b"acme bars 1\n"
RESOLUTION = 16


class BarList(Source):
    """Bars, listed in a text file."""

    name = "acme-bar-list"
    takes_folders = False

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return file.start.startswith(FIRST_LINE)

    def entries(self) -> Sequence[Entry]:
        fingerprint = file_fingerprint(self.root)
        return [Entry(f"{number:04d}", fingerprint, subject=f"{number // 4}") for number in range(len(self._lines()))]

    def picture(self, key: str) -> Picture:
        try:
            place, brightness = map(int, self._lines()[int(key)].split())
            image = np.zeros((RESOLUTION, RESOLUTION), np.uint8)
            image[place] = brightness
        except (ValueError, IndexError, OverflowError) as error:
            raise DataError(f"line {int(key) + 2} is no bar: {error}") from error
        return image

    def _lines(self) -> list[bytes]:
        return self.root.read_bytes().splitlines()[1:]
