"""Stored images: those of a pack at one resolution, picked by number out of its files."""

from __future__ import annotations

import numpy as np

from ganzoo.contracts.component import PixelArray
from ganzoo.data.pack.manifest import IndexArray, damaged
from ganzoo.data.pack.pack_files import PackFiles
from ganzoo.data.pack.storage import Level, images_of


class StoredImages:
    """A stretch of the images of a level; `images[indices]` is a copy, uint8 `[n, C, r, r]`.

    Args:
        files: Where they are.
        level: What they are.
        start: Number of the first.
        stop: Number after the last.
    """

    def __init__(self, files: PackFiles, level: Level, start: int, stop: int) -> None:
        self.level = level
        self._files, self._start, self._stop = files, start, stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, indices: IndexArray) -> PixelArray:
        places = np.asarray(indices, np.int64)
        if len(places) and not (places.min() >= 0 and places.max() < len(self)):
            raise IndexError(f"image numbers run from 0 to {len(self) - 1}")
        shards, rows = np.divmod(places + self._start, self.level.per_shard)
        needed = np.unique(shards)
        if len(needed) == 1:
            return self._read(int(needed[0]), rows)
        result = np.empty((len(places), *self.level.shape), np.uint8)
        for shard in needed:
            here = shards == shard
            result[here] = self._read(int(shard), rows[here])
        return result

    @property
    def streamed(self) -> bool:
        """Whether files are fetched one by one."""
        return self._files.streamed

    def shards(self) -> IndexArray:
        """Return which file each image is in, `[n]`."""
        return np.arange(self._start, self._stop) // self.level.per_shard

    def _read(self, shard: int, rows: IndexArray) -> PixelArray:
        name = self.level.file(shard)
        try:
            return images_of(self._files.data(name), self.level, shard, rows)
        except ValueError as error:
            raise damaged(self._files.where, f"{name} {error}") from error
