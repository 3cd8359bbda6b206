"""A dataset made in memory, for tests of what becomes of images."""

from __future__ import annotations

import numpy as np

from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import ImageDataset, Item
from ganzoo.data.pack.format import PackFormat
from ganzoo.data.prepare.job import PreparationOptions
from ganzoo.data.prepare.prepare import prepare_at


class MadeUp(ImageDataset):
    """Images, subjects and splits as a test hands them over.

    Attributes:
        images: Uint8 `[N, C, R, R]`.
        subjects: Name of each one's subject; empty: none.
        splits: Split of each one, or None.
    """

    name = "made-up"
    images: np.ndarray = np.zeros((0, 1, 8, 8), np.uint8)
    subjects: tuple = ()
    splits: tuple = ()
    labels: tuple = ()

    @classmethod
    def spec_of(cls, options):
        return ImageSpec(options.resolution, cls.images.shape[1], len(set(cls.labels)))

    def items(self):
        count = len(self.images)
        return [
            Item(
                key=f"{i}",
                subject=(self.subjects or [""] * count)[i],
                split=(self.splits or [None] * count)[i],
                label=(self.labels or [None] * count)[i],
            )
            for i in range(count)
        ]

    def load(self, item):
        return self.images[int(item.key)]


def noise(count, resolution=32, channels=1, seed=0):
    """Smooth noise: neighboring pixels are related, as in pictures."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 1, (count, channels, resolution, resolution)).cumsum(2).cumsum(3)
    low, high = values.min((1, 2, 3), keepdims=True), values.max((1, 2, 3), keepdims=True)
    return np.round((values - low) / (high - low) * 255).astype(np.uint8)


def dataset_of(images, subjects=(), splits=(), labels=(), **options):
    """Return a dataset of these images."""
    content = {"images": images, "subjects": tuple(subjects), "splits": tuple(splits), "labels": tuple(labels)}
    cls = type("MadeUp", (MadeUp,), content)
    return cls(cls.Options(resolution=images.shape[-1], **options))


def pack_of(path, images, pack_format=None, **content):
    """Prepare a pack of these images at a path."""
    return prepare_at(
        dataset_of(images, **content),
        "made-up",
        path,
        PreparationOptions(workers=1, pack_format=pack_format or PackFormat()),
    )
