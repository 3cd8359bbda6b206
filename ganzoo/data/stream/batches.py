"""Batches: real images without end, chosen by position, so that a resumed run sees exactly the next one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.data.pack.manifest import IndexArray
from ganzoo.data.pack.pack import PackSplit
from ganzoo.data.stream.order import Reader, number_of, order_by_files, permutation
from ganzoo.errors import DataError

_KEPT_EPOCHS = 2  # a batch may lie across the border of two


class Batches:
    """The stream of real images of one split.

    Image number p of the stream is number `p mod len(split)` of epoch `p div len(split)`'s own permutation. All
    depends on (seed, stream, position) only: not on batch sizes, on what was asked before, or on a worker.

    Of several readers, number r of w reads images r, r + w, r + 2w, ... of that stream as its own number 0, 1, 2, ...
    Where images are fetched by the file, an epoch's order goes from file to file, and files are dealt out to the
    readers (see `order_by_files`); that order depends on the resolution too, as files do.

    Args:
        split: The images.
        seed: Seed of the run.
        mirror: Flip each image left-right with probability 1/2, decided by its position.
        stream: Streams of different names are independent.
        reader: Which of several processes reads.
        alike: A stream of the same split, whose image at each position says the class of this one's; of a split
            without classes nothing changes.

    Raises:
        DataError: The split has no images.
    """

    def __init__(
        self,
        split: PackSplit,
        seed: int,
        *,
        mirror: bool,
        stream: str = "real",
        reader: Reader | None = None,
        alike: Batches | None = None,
    ) -> None:
        if not len(split):
            raise DataError(f"split {split.name!r} has no images to draw batches from")
        if reader and reader.world > len(split):
            raise DataError(f"split {split.name!r} has {len(split)} images, fewer than the {reader.world} that read it")
        self.split = split
        self.mirror = mirror
        self._alike = alike if split.spec.label_dim else None
        self._key = f"{seed}\0{stream}"
        self._reader = reader or Reader()
        self._epochs: dict[tuple[int, int], IndexArray] = {}
        self._mirror_key = np.uint64(number_of(f"{self._key}\0mirror") & 0xFFFFFFFFFFFFFFFF)

    def at(self, position: int, count: int, resolution: int) -> tuple[Tensor, Tensor]:
        """Return `count` images from `position` on, as networks see them.

        Args:
            position: How many images of the stream come before, >= 0.
            count: How many images; may exceed the number that the split has.
            resolution: Resolution of the images; a divisor of the pack's, reached by area averaging.

        Returns:
            Images float32 `[n, C, r, r]` in [-1, 1] and one-hot labels float32 `[n, L]`, on the CPU.
        """
        pixels, labels = self.pixels_at(position, count, resolution)
        images = torch.empty(pixels.shape)
        return images.copy_(pixels).div_(127.5).sub_(1.0), labels

    def pixels_at(self, position: int, count: int, resolution: int) -> tuple[Tensor, Tensor]:
        """Return the same as bytes, uint8 `[n, C, r, r]`, and the labels."""
        indices = self.indices(position, count, resolution)
        pixels = self.split.at(indices, resolution)
        if self.mirror:
            flipped = self._mirrored(position, count)
            pixels[flipped] = pixels[flipped][..., ::-1]
        return torch.from_numpy(pixels), torch.from_numpy(self.split.labels(indices))

    def indices(self, position: int, count: int, resolution: int | None = None) -> IndexArray:
        """Return which images of the split stand at `position`, `position + 1`, ...: `[count]`."""
        found = self._any_class(position, count, resolution)
        if self._alike is None:
            return found
        wanted = self.split.classes[self._alike.indices(position, count, resolution)]
        # Of the class, the image as far through it as that of any class is through the split: each is as likely, and
        # where images are fetched by the file, it is near.
        for label in np.unique(wanted):
            members, places = np.flatnonzero(self.split.classes == label), np.flatnonzero(wanted == label)
            found[places] = members[found[places] * len(members) // len(self.split)]
        return found

    def _any_class(self, position: int, count: int, resolution: int | None) -> IndexArray:
        side = resolution or self.split.spec.resolution
        files = self.split.shards(side)
        if files is None:
            epochs, within = np.divmod(self._numbers(position, count), len(self.split))
        else:
            places = np.arange(position, position + count, dtype=np.int64)
            epochs, within = np.divmod(places, len(self.split) // self._reader.world)
        result = np.empty(count, np.int64)
        for epoch in np.unique(epochs):
            here = epochs == epoch
            result[here] = self._order(int(epoch), side, files)[within[here]]
        return result

    def _numbers(self, position: int, count: int) -> IndexArray:
        """Return the numbers, in the stream of all readers, of what this one reads: its own 0, 1, 2, ..."""
        return np.arange(position, position + count, dtype=np.int64) * self._reader.world + self._reader.rank

    def _order(self, epoch: int, side: int, files: IndexArray | None) -> IndexArray:
        key = (epoch, side if files is not None else 0)
        if key not in self._epochs:
            while len(self._epochs) >= _KEPT_EPOCHS:
                del self._epochs[next(iter(self._epochs))]
            text = f"{self._key}\0{epoch}"
            self._epochs[key] = (
                permutation(len(self.split), text) if files is None else order_by_files(files, text, self._reader)
            )
        return self._epochs[key]

    def _mirrored(self, position: int, count: int) -> NDArray[np.bool_]:
        places = self._numbers(position, count).astype(np.uint64)
        return (_mix(places + self._mirror_key) & np.uint64(1)).astype(np.bool_)


def _mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit words (Steele, Lea and Flood 2014: the finalizer of SplitMix64)."""
    words = words * np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
