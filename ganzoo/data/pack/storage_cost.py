"""Storage cost: what each way to store a pack costs, measured on some of its images."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from ganzoo.contracts.component import PixelArray
from ganzoo.data.pack.pack import Pack
from ganzoo.data.pack.storage import STORAGES, Bytes, Level, Storage, encode, footer, images_of

_SAMPLE = 128


@dataclass(frozen=True)
class StorageCost:
    """What a storage costs.

    Attributes:
        storage: Which.
        size: Bytes of all images, lower resolutions included; estimated unless it is the pack's own.
        images_per_second: How fast images of the full resolution are read by one process, from memory.
    """

    storage: Storage
    size: int
    images_per_second: float


def storage_costs(pack: Pack) -> tuple[StorageCost, ...]:
    """Measure both storages on up to 128 images, which takes a moment."""
    split = pack.split(pack.splits[0])
    count = min(_SAMPLE, len(split))
    images = split.images(np.arange(count) * len(split) // count)
    level = replace(pack.levels[pack.spec.resolution], count=count, per_shard=count)
    own = sum(mark.size for name, mark in pack.manifest.files.items() if name.startswith("images-"))
    plain = sum(each.image_bytes for each in pack.levels.values()) * len(pack)
    costs = []
    for storage in STORAGES:
        data = _stored(images, storage)
        size = own if storage == pack.manifest.storage else round(plain * len(data) / images.nbytes)
        costs.append(StorageCost(storage, size, _speed(data, replace(level, storage=storage))))
    return tuple(costs)


def _stored(images: PixelArray, storage: Storage) -> Bytes:
    if storage == "raw":
        return images.reshape(-1)
    blobs = [encode(image) for image in images]
    return np.frombuffer(b"".join([*blobs, footer([len(blob) for blob in blobs])]), np.uint8)


def _speed(data: Bytes, level: Level) -> float:
    rows = np.random.default_rng(0).permutation(level.count)
    images_of(data, level, 0, rows)
    start, rounds = time.perf_counter(), 0
    while (seconds := time.perf_counter() - start) < 0.1 or not rounds:
        images_of(data, level, 0, rows)
        rounds += 1
    return rounds * level.count / seconds
