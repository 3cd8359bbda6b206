"""Storage: how images lie in a file of a pack.

A file (a *shard*) holds images of one resolution, one after another:

- `raw`: a NumPy file, uint8 `[n, C, R, R]`. Read by memory map, nothing is decoded.
- `deflate`: lossless. Each image by itself: every row but the first is replaced by its difference to the row above
  (modulo 256), and all of it deflated (RFC 1951). The file ends with the n + 1 borders of the images, as 64-bit
  little-endian offsets.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ganzoo.contracts.component import PixelArray
from ganzoo.data.pack.manifest import IndexArray
from ganzoo.errors import DataError

Storage = Literal["raw", "deflate"]
STORAGES: tuple[Storage, ...] = ("raw", "deflate")
Bytes = NDArray[np.uint8]

_OFFSET = np.dtype("<u8")
_EFFORT = 6


@dataclass(frozen=True)
class Level:
    """The images of a pack at one resolution, and how they are divided into files.

    Attributes:
        resolution: Side of the images.
        channels: Their channels.
        count: How many images the whole pack has.
        per_shard: How many a file holds; the last may hold fewer.
        storage: How they lie in it.
    """

    resolution: int
    channels: int
    count: int
    per_shard: int
    storage: Storage

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image."""
        return (self.channels, self.resolution, self.resolution)

    @property
    def image_bytes(self) -> int:
        """Size of one image before it is compressed."""
        return self.channels * self.resolution**2

    @property
    def shards(self) -> int:
        """How many files there are."""
        return max(1, -(-self.count // self.per_shard))

    def size_of(self, shard: int) -> int:
        """Return how many images a file holds."""
        return min(self.per_shard, self.count - shard * self.per_shard)

    def file(self, shard: int) -> str:
        """Return a file's name."""
        suffix = "npy" if self.storage == "raw" else "deflate"
        number = f"-{shard:05d}" if self.shards > 1 else ""
        return f"images-{self.resolution}{number}.{suffix}"

    @property
    def files(self) -> tuple[str, ...]:
        """Return the names of all files."""
        return tuple(self.file(shard) for shard in range(self.shards))


def storage_called(name: str) -> Storage:
    """Return the storage of that name. Raises DataError naming those that there are."""
    for storage in STORAGES:
        if storage == name:
            return storage
    raise DataError(f"storage {name!r}: choose raw (memory-mapped, nothing to decode) or deflate (smaller, slower)")


def encode(image: PixelArray) -> bytes:
    """Return one image `[C, R, R]` as it lies in a `deflate` file."""
    rows = image.copy()
    rows[:, 1:] -= image[:, :-1]
    packer = zlib.compressobj(_EFFORT, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(rows.tobytes()) + packer.flush()


def footer(sizes: list[int]) -> bytes:
    """Return the end of a `deflate` file whose images have these sizes."""
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.uint64)]).astype(_OFFSET).tobytes()


def images_of(data: Bytes, level: Level, shard: int, rows: IndexArray) -> PixelArray:
    """Return a copy of the images at `rows` of a file, uint8 `[n, C, R, R]`.

    Args:
        data: The file's bytes, a memory map.
        level: What is in it.
        shard: Which file it is.
        rows: Which images of the file.

    Raises:
        ValueError: The file does not hold what it should.
    """
    count = level.size_of(shard)
    if level.storage == "raw":
        images = data[len(data) - count * level.image_bytes :].reshape(count, *level.shape)
        return images[rows]
    result = np.empty((len(rows), *level.shape), np.uint8)
    for place, blob in enumerate(_blobs(data, count, rows)):
        result[place] = _decode(blob, level)
    return np.add.accumulate(result, axis=2, dtype=np.uint8, out=result)


def _blobs(data: Bytes, count: int, rows: IndexArray) -> Iterator[Bytes]:
    tail = len(data) - (count + 1) * _OFFSET.itemsize
    if tail < 0:
        raise ValueError("is too short")
    borders = np.frombuffer(data[tail:].tobytes(), _OFFSET)
    for row in rows:
        start, stop = int(borders[row]), int(borders[row + 1])
        if not start < stop <= tail:
            raise ValueError("has borders that make no sense")
        yield data[start:stop]


def _decode(blob: Bytes, level: Level) -> PixelArray:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        pixels = unpacker.decompress(blob.tobytes(), level.image_bytes)
    except zlib.error as error:
        raise ValueError(f"cannot be unpacked: {error}") from error
    return np.frombuffer(pixels, np.uint8).reshape(level.shape)
