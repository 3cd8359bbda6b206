"""A prepared data set on disk: uint8 pixels, labels, subjects and splits, memory-mapped and checksummed.

A pack is a folder:

    manifest.json   what is in it, with the size and SHA-256 of each file and a checksum of its own
    images.npy      uint8 [N, C, R, R]
    labels.npy      int64 [N], -1 where there is no label
    subjects.npy    int64 [N], opaque numbers: equal where the subject is

Splits lie one after the other, and within a split images lie in the order of their own hash, so that file names
and their order have no influence on anything that is computed from a pack.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.contracts import ImageSpec, PixelArray
from ganzoo.data.manifest import (
    IMAGES,
    LABELS,
    SPLITS,
    SUBJECTS,
    IndexArray,
    Manifest,
    damaged,
    read_manifest,
)
from ganzoo.errors import DataError
from ganzoo.files import sha256_of


class PackSplit:
    """The images of one split of a pack."""

    def __init__(
        self, name: str, spec: ImageSpec, images: PixelArray, labels: IndexArray, subjects: IndexArray
    ) -> None:
        self.name = name
        self.spec = spec
        self.subjects = subjects
        self.classes = labels
        self._images = images

    def __len__(self) -> int:
        return len(self.classes)

    def images(self, indices: IndexArray) -> PixelArray:
        """Return a copy of the images at `indices` as uint8 `[n, C, R, R]`."""
        return self._images[indices]

    def at(self, indices: IndexArray, resolution: int) -> PixelArray:
        """Return the images averaged over areas down to `resolution`, rounded half up: uint8 `[n, C, r, r]`."""
        images = self.images(indices)
        full = self.spec.resolution
        if resolution == full:
            return images
        if resolution < 1 or full % resolution:
            raise DataError(
                f"images of {full}x{full} cannot be shown at {resolution}x{resolution}: choose a resolution "
                f"that divides {full}"
            )
        step = full // resolution
        blocks = images.reshape(-1, self.spec.channels, resolution, step, resolution, step)
        sums = blocks.sum(axis=(3, 5), dtype=np.uint32)
        return ((sums + step * step // 2) // (step * step)).astype(np.uint8)

    def labels(self, indices: IndexArray) -> NDArray[np.float32]:
        """Return one-hot labels, float32 `[n, L]`; L is 0 where the data set has no labels."""
        classes = self.classes[indices]
        return (classes[:, None] == np.arange(self.spec.label_dim)).astype(np.float32)

    def label_counts(self) -> IndexArray:
        """Return how many images each class has, `[L]`."""
        return np.bincount(self.classes[self.classes >= 0], minlength=self.spec.label_dim).astype(np.int64)


class Pack:
    """A prepared data set, opened for reading. See `Pack.open`."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        count = sum(manifest.splits.values())
        side = manifest.resolution
        self._images: PixelArray = self._array(IMAGES, "u1", (count, manifest.channels, side, side))
        self._labels: IndexArray = self._array(LABELS, "i8", (count,))
        self._subjects: IndexArray = self._array(SUBJECTS, "i8", (count,))

    @classmethod
    def open(cls, path: Path) -> Pack:
        """Open a pack, checking its manifest and the size and shape of each file (`verify` reads them whole).

        Raises:
            DataError: `path` is no pack, is of another format, or is damaged.
        """
        manifest = read_manifest(path)
        for name, mark in manifest.files.items():
            try:
                size = (path / name).stat().st_size
            except OSError as error:
                raise damaged(path, f"{name}: {error.strerror}") from error
            if size != mark.size:
                raise damaged(path, f"{name} has {size} bytes instead of {mark.size}")
        return cls(path, manifest)

    @property
    def name(self) -> str:
        """Name of the data set it was prepared from."""
        return self.manifest.name

    @property
    def spec(self) -> ImageSpec:
        """What the images are."""
        return self.manifest.spec

    @property
    def fingerprint(self) -> str:
        """Hash of pixels, labels and splits: equal for equal content, wherever it came from."""
        return self.manifest.fingerprint

    @property
    def source_fingerprint(self) -> str:
        """Hash of what the source looked like (names, sizes, times) when this pack was prepared."""
        return self.manifest.source_fingerprint

    @property
    def bad_files(self) -> tuple[str, ...]:
        """Names of the files that were left out because they could not be read."""
        return tuple(bad.key for bad in self.manifest.bad_files)

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that have images."""
        return tuple(name for name in SPLITS if self.manifest.splits[name])

    def __len__(self) -> int:
        return len(self._labels)

    def split(self, name: str) -> PackSplit:
        """Return one split. Raises DataError naming those that there are."""
        if name not in self.splits:
            raise DataError(
                f"data set {self.name!r} has no split {name!r}, only {', '.join(self.splits)}; "
                "set dataset.held_out to keep a share of the subjects from training"
            )
        counts = self.manifest.splits
        start = sum(counts[before] for before in SPLITS[: SPLITS.index(name)])
        part = slice(start, start + counts[name])
        return PackSplit(name, self.spec, self._images[part], self._labels[part], self._subjects[part])

    def verify(self) -> list[str]:
        """Read every file whole and return what is wrong, as sentences; empty when all is as it was written."""
        return [
            f"{self.path / name}: its content changed since it was prepared"
            for name, mark in self.manifest.files.items()
            if sha256_of(self.path / name) != mark.sha256
        ]

    def _array(self, name: str, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
        try:
            array = np.load(self.path / name, mmap_mode="r", allow_pickle=False)
        except Exception as error:  # a damaged header makes numpy raise whatever Python's own parser raises
            raise damaged(self.path, f"{name} cannot be read: {error}") from error
        if array.shape != shape or array.dtype != np.dtype(kind):
            raise damaged(self.path, f"{name} is {array.dtype}{list(array.shape)} instead of {list(shape)}")
        # A plain view: fancy indexing of numpy's memmap subclass is several times slower.
        return array.view(np.ndarray)
