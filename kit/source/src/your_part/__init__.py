"""IDX files: gray images of 8 bits in one file, as MNIST and its relatives are published."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from ganzoo import ComponentOptions, DataError, Entry, FoundFile, Picture, Source, hookimpl
from ganzoo.data import file_fingerprint

requires_ganzoo_api = 2

# Zero, zero, 8 (bytes), 3 (dimensions); then count, rows and columns as 32-bit numbers, the highest byte first.
_MAGIC, _HEADER = b"\0\0\x08\x03", struct.Struct(">4sIII")


class YourPartOptions(ComponentOptions):
    """How values are shown."""

    inverted: bool = Field(default=False, description="Show black as white.")


class YourPart(Source[YourPartOptions]):
    """Images in one IDX file, not compressed."""

    name = "your-part"
    Options = YourPartOptions
    suffixes: ClassVar[tuple[str, ...]] = ("-idx3-ubyte",)
    takes_folders = False

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return file.start.startswith(_MAGIC)  # by content: people rename files

    @classmethod
    def example_root(cls, folder: Path) -> Path:
        """Write two small images, for conformance checks."""
        pixels = np.random.default_rng(0).integers(0, 256, (2, 6, 8), np.uint8)
        path = folder / "images-idx3-ubyte"
        path.write_bytes(_HEADER.pack(_MAGIC, *pixels.shape) + pixels.tobytes())
        return path

    def entries(self) -> Sequence[Entry]:
        count, _, _ = self._sizes()
        fingerprint = file_fingerprint(self.root)
        return [Entry(f"{number:06d}", fingerprint) for number in range(count)]

    def picture(self, key: str) -> Picture:
        count, rows, columns = self._sizes()
        if not (key.isdecimal() and int(key) < count):
            raise DataError(f"{key}: is not in {self.root.name}, which has {count} images")
        with self.root.open("rb") as file:  # one image at a time: a file may be larger than the memory
            file.seek(_HEADER.size + int(key) * rows * columns)
            image = np.frombuffer(file.read(rows * columns), np.uint8).reshape(rows, columns)
        return 255 - image if self.options.inverted else image

    def _sizes(self) -> tuple[int, int, int]:
        """Return how many images there are, and their rows and columns. Believes no header that the size belies."""
        with self.root.open("rb") as file:
            start = file.read(_HEADER.size)
        if len(start) < _HEADER.size or not start.startswith(_MAGIC):
            raise DataError(f"{self.root.name}: does not begin like an IDX file of images")
        _, count, rows, columns = _HEADER.unpack(start)
        size, wanted = self.root.stat().st_size, _HEADER.size + count * rows * columns
        if size != wanted or not rows * columns:
            raise DataError(f"{self.root.name}: should have {wanted:,} bytes, but has {size:,}; it may be cut off")
        return count, rows, columns


@hookimpl
def ganzoo_sources() -> list[type[Source]]:
    return [YourPart]
