"""Order: how the images of a split follow each other, a permutation per epoch, drawn from a key alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from ganzoo.data.pack.manifest import IndexArray

_WINDOW = 4  # how many files are read at once where images are fetched by the file


@dataclass(frozen=True)
class Reader:
    """One of several processes that share a stream: each reads other images.

    Attributes:
        rank: Which one, from 0.
        world: How many there are.
    """

    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.world:
            raise ValueError(f"rank {self.rank} of {self.world} readers")


def permutation(count: int, key: str) -> IndexArray:
    """Return a permutation of `count` numbers, the same for the same key wherever and whenever."""
    # Sorting raw Philox words: numpy promises those bits for ever, but not those of its own `permutation`.
    words = np.random.Philox(key=number_of(key)).random_raw(count)
    return np.argsort(words, kind="stable").astype(np.int64)


def order_by_files(files: IndexArray, key: str, reader: Reader) -> IndexArray:
    """Return the part of an epoch that one reader reads where images are fetched by the file.

    Files are shuffled and dealt out to the readers; each reads its own in groups of a few and shuffles the images of
    a group. Where there are fewer files than readers, all read the same files and share out the images.

    Args:
        files: Number of the file that each image is in, `[n]`, rising.
        key: What the shuffles are drawn from; the same for all readers.
        reader: Which reader it is.

    Returns:
        Numbers of images, n // world of them. Readers read different ones; a reader whose files have fewer begins
        again with its first, and where they have more, the rest is left out this time.
    """
    names, starts = np.unique(files, return_index=True)
    borders = np.append(starts, len(files))
    shuffled = permutation(len(names), f"{key}\0files")
    by_file = len(names) >= reader.world
    own = shuffled[reader.rank :: reader.world] if by_file else shuffled
    parts = []
    for group in range(0, len(own), _WINDOW):
        members = np.concatenate([np.arange(borders[f], borders[f + 1]) for f in own[group : group + _WINDOW]])
        parts.append(members[permutation(len(members), f"{key}\0group\0{own[group]}")])
    order = np.concatenate(parts)
    return np.resize(order if by_file else order[reader.rank :: reader.world], len(files) // reader.world)


def number_of(text: str) -> int:
    """Hash text to a 128-bit number."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")
