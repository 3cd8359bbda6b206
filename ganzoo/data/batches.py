"""Endless batches of real images, chosen by position: nothing to save, and a resumed run sees the next image."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.data.manifest import IndexArray
from ganzoo.data.pack import PackSplit
from ganzoo.errors import DataError

_KEPT_EPOCHS = 2  # a batch may lie across the border of two


class Batches:
    """The stream of real images of one split.

    Image number p of the stream is number `p mod len(split)` of epoch `p div len(split)`'s own permutation. All
    depends on (seed, stream, position) only: not on batch sizes, on what was asked before, or on a worker.

    Args:
        split: The images.
        seed: Seed of the run.
        mirror: Flip each image left-right with probability 1/2, decided by its position.
        stream: Streams of different names are independent.

    Raises:
        DataError: The split has no images.
    """

    def __init__(self, split: PackSplit, seed: int, *, mirror: bool, stream: str = "real") -> None:
        if not len(split):
            raise DataError(f"split {split.name!r} has no images to draw batches from")
        self.split = split
        self.mirror = mirror
        self._key = f"{seed}\0{stream}"
        self._permutations: dict[int, IndexArray] = {}
        self._mirror_key = np.uint64(_number(f"{self._key}\0mirror") & 0xFFFFFFFFFFFFFFFF)

    def at(self, position: int, count: int, resolution: int) -> tuple[Tensor, Tensor]:
        """Return `count` images from `position` on.

        Args:
            position: How many images of the stream come before, >= 0.
            count: How many images; may exceed the number that the split has.
            resolution: Side of the images; a divisor of the pack's, reached by area averaging.

        Returns:
            Images float32 `[n, C, r, r]` in [-1, 1] and one-hot labels float32 `[n, L]`, on the CPU.
        """
        indices = self.indices(position, count)
        pixels = self.split.at(indices, resolution)
        if self.mirror:
            flipped = self._mirrored(position, count)
            pixels[flipped] = pixels[flipped][..., ::-1]
        images = torch.from_numpy(pixels).to(torch.float32).div_(127.5).sub_(1.0)
        return images, torch.from_numpy(self.split.labels(indices))

    def indices(self, position: int, count: int) -> IndexArray:
        """Return which images of the split stand at `position`, `position + 1`, ...: `[count]`."""
        parts: list[IndexArray] = []
        size = len(self.split)
        end = position + count
        while position < end:
            epoch, offset = divmod(position, size)
            part = self._permutation(epoch)[offset : offset + end - position]
            parts.append(part)
            position += len(part)
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def _permutation(self, epoch: int) -> IndexArray:
        if epoch not in self._permutations:
            while len(self._permutations) >= _KEPT_EPOCHS:
                del self._permutations[next(iter(self._permutations))]
            # Sorting raw Philox words: numpy promises those bits for ever, but not those of `permutation`.
            words = np.random.Philox(key=_number(f"{self._key}\0{epoch}")).random_raw(len(self.split))
            self._permutations[epoch] = np.argsort(words, kind="stable").astype(np.int64)
        return self._permutations[epoch]

    def _mirrored(self, position: int, count: int) -> NDArray[np.bool_]:
        places = np.arange(position, position + count, dtype=np.uint64)
        return (_mix(places + self._mirror_key) & np.uint64(1)).astype(np.bool_)


def _number(text: str) -> int:
    """Hash text to a 128-bit number."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def _mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit words (Steele, Lea and Flood 2014: the finaliser of SplitMix64)."""
    words = words * np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
