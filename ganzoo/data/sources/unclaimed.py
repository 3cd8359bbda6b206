"""Unclaimed folder: a root that no source format claims, which has no images and says what is there instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ganzoo.contracts.component import ComponentOptions
from ganzoo.contracts.entries import Entry
from ganzoo.contracts.reading import Picture
from ganzoo.contracts.source_options import SourceOptions
from ganzoo.contracts.sources import Source
from ganzoo.data.images.find import counts_text
from ganzoo.errors import DataError
from ganzoo.text import literal

PACKED = (".gz", ".bz2", ".xz", ".zst", ".lz4")


def packed_advice(endings: Iterable[str]) -> str:
    """Return what to do about files that are packed one by one, `.dcm.gz`; nothing where there are none."""
    packed = sorted({ending for ending in endings if ending.endswith(PACKED)})
    return (
        f". Files that end with {', '.join(packed)} are read unpacked: unpack them into a folder first"
        if packed
        else ""
    )


class UnclaimedFolder(Source[ComponentOptions]):
    """A folder without a file of any source format; datasets say what they expect there."""

    name = "unclaimed"

    def __init__(self, root: Path, reading: SourceOptions, others: Counter[str], known: str) -> None:
        super().__init__(ComponentOptions(), root, reading)
        self._others, self._known = others, known

    def entries(self) -> Sequence[Entry]:
        return []

    def picture(self, key: str) -> Picture:
        raise DataError(f"{literal(key)}: is no image of this source")

    def found(self) -> str:
        found = counts_text(0, self._others)
        if not self._others:
            return found
        return f"{found}; none is of an installed source format ({self._known}){packed_advice(self._others)}"
