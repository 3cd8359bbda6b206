"""Pack: a prepared dataset on disk, with uint8 pixels, labels, subjects and splits, memory-mapped and checksummed.

A pack is a folder:

    manifest.json    what is in it, with the size and SHA-256 of each file and a checksum of its own
    images-<R>.npy   uint8 [N, C, R, R], and the same for each lower resolution; see `storage` for shards
    labels.npy       int64 [N], -1 where there is no label
    subjects.npy     int64 [N], opaque numbers: equal where the subject is
    digests.npy      uint8 [N, 32], the SHA-256 of each image's pixels

Splits lie one after the other, and within a split images lie in the order of their own hash, so that file names
and their order have no influence on anything that is computed from a pack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ganzoo._io.atomic import sha256_of
from ganzoo.contracts.component import ImageSpec, PixelArray
from ganzoo.data.pack.area_average import shrunk
from ganzoo.data.pack.manifest import (
    DIGESTS,
    LABELS,
    MANIFEST,
    SPLITS,
    SUBJECTS,
    IndexArray,
    Manifest,
    content_fingerprint,
    damaged,
    read_manifest,
)
from ganzoo.data.pack.pack_files import LocalFiles, PackFiles
from ganzoo.data.pack.plausible import implausible
from ganzoo.data.pack.storage import Level
from ganzoo.data.pack.stored_images import StoredImages
from ganzoo.errors import DataError

_BYTES_AT_ONCE = 16 * 2**20


class Images(Protocol):
    """Something that images are picked from by number."""

    def __getitem__(self, indices: IndexArray) -> PixelArray: ...


class PackSplit:
    """The images of one split of a pack.

    Args:
        name: The split.
        spec: What the images are.
        images: They themselves, at the full resolution.
        labels: Class of each, -1 for none.
        subjects: Opaque number of each one's subject.
        lower: The images at lower resolutions, where they are kept; others are averaged when they are read.
    """

    def __init__(
        self,
        name: str,
        spec: ImageSpec,
        images: Images,
        labels: IndexArray,
        subjects: IndexArray,
        lower: Mapping[int, Images] | None = None,
    ) -> None:
        self.name = name
        self.spec = spec
        self.subjects = subjects
        self.classes = labels
        self._images = images
        self._lower = lower or {}

    def __len__(self) -> int:
        return len(self.classes)

    def images(self, indices: IndexArray) -> PixelArray:
        """Return a copy of the images at `indices` as uint8 `[n, C, R, R]`."""
        return self._images[indices]

    def in_order(self) -> Iterator[PixelArray]:
        """Yield all images in the order of the pack, some megabytes at a time: uint8 `[n, C, R, R]`."""
        at_once = max(1, _BYTES_AT_ONCE // (self.spec.channels * self.spec.resolution**2))
        for start in range(0, len(self), at_once):
            yield self.images(np.arange(start, min(start + at_once, len(self))))

    def at(self, indices: IndexArray, resolution: int) -> PixelArray:
        """Return the images averaged over areas down to `resolution`, rounded half up: uint8 `[n, C, r, r]`."""
        if resolution in self._lower:
            return self._lower[resolution][indices]
        full = self.spec.resolution
        if resolution < 1 or full % resolution:
            raise DataError(
                f"images of {full}x{full} cannot be shown at {resolution}x{resolution}: choose a resolution "
                f"that divides {full}"
            )
        images = self.images(indices)
        return images if resolution == full else shrunk(images, resolution)

    def shards(self, resolution: int) -> IndexArray | None:
        """Return which file each image is in at a resolution, `[n]`, where files are fetched one by one; else None."""
        images = self._lower.get(resolution, self._images)
        return images.shards() if isinstance(images, StoredImages) and images.streamed else None

    def labels(self, indices: IndexArray) -> NDArray[np.float32]:
        """Return one-hot labels, float32 `[n, L]`; L is 0 where the dataset has no labels."""
        classes = self.classes[indices]
        return (classes[:, None] == np.arange(self.spec.label_dim)).astype(np.float32)

    def label_counts(self) -> IndexArray:
        """Return how many images each class has, `[L]`."""
        return np.bincount(self.classes[self.classes >= 0], minlength=self.spec.label_dim).astype(np.int64)


class Pack:
    """A prepared dataset, opened for reading. See `Pack.open`."""

    def __init__(self, path: Path, manifest: Manifest, files: PackFiles) -> None:
        self.path = path
        self.manifest = manifest
        self.files = files
        if complaint := implausible(manifest):
            raise damaged(files.where, f"{MANIFEST}: {complaint}")
        self.levels = {side: _level(manifest, side) for side in sorted(manifest.shards, reverse=True)}
        expected = {LABELS, SUBJECTS, DIGESTS, *(name for level in self.levels.values() for name in level.files)}
        if expected != set(manifest.files):
            raise damaged(files.where, "its manifest lists other files than it must have")
        count = manifest.count
        self._labels: IndexArray = self._array(LABELS, "i8", (count,))
        self._subjects: IndexArray = self._array(SUBJECTS, "i8", (count,))
        self.digests: NDArray[np.uint8] = self._array(DIGESTS, "u1", (count, 32))

    @classmethod
    def open(cls, path: Path) -> Pack:
        """Open a pack, checking its manifest and the size of each file (`verify` reads them whole).

        Raises:
            DataError: `path` is no pack, is of another format, or is damaged.
        """
        manifest = read_manifest(path)
        files = LocalFiles(path, manifest)
        pack = cls(path, manifest, files)
        for name in manifest.files:
            files.path(name)
        return pack

    @property
    def name(self) -> str:
        """Name of the dataset it was prepared from."""
        return self.manifest.name

    @property
    def spec(self) -> ImageSpec:
        """What the images are."""
        return self.manifest.spec

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of classes 0, 1, ...; empty where they have none."""
        return self.manifest.class_names

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
                f"dataset {self.name!r} has no split {name!r}, only {', '.join(self.splits)}; "
                "set dataset.held_out to keep a share of the subjects from training"
            )
        counts = self.manifest.splits
        start = sum(counts[before] for before in SPLITS[: SPLITS.index(name)])
        part = slice(start, start + counts[name])
        stored = {side: StoredImages(self.files, level, part.start, part.stop) for side, level in self.levels.items()}
        full = stored.pop(self.spec.resolution)
        return PackSplit(name, self.spec, full, self._labels[part], self._subjects[part], stored)

    def verify(self) -> list[str]:
        """Read every file whole and return what is wrong, as sentences; empty when all is as it was written."""
        wrong = [
            f"{self.path / name}: its content changed since it was prepared"
            for name, mark in self.manifest.files.items()
            if sha256_of(self.files.path(name)) != mark.sha256
        ]
        counts = content_fingerprint(self.spec, self.manifest.splits, self.digests, self._labels)
        if not wrong and counts != self.fingerprint:
            wrong.append(f"{self.path}: its fingerprint is not that of its content")
        return wrong + [f"{self.path}: {overlap}" for overlap in self.overlaps()]

    def overlaps(self) -> list[str]:
        """Return which splits share a subject, as sentences; a pack where any do proves nothing."""
        subjects = {name: set(self.split(name).subjects.tolist()) for name in self.splits}
        return [
            f"splits {one!r} and {other!r} share {len(subjects[one] & subjects[other])} subjects"
            for number, one in enumerate(self.splits)
            for other in self.splits[number + 1 :]
            if subjects[one] & subjects[other]
        ]

    def _array(self, name: str, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
        try:
            path = self.files.path(name)
            array = np.load(path, mmap_mode="r", allow_pickle=False)  # noqa: TID251 - inert, of a file that is ours
        except DataError:
            raise
        except Exception as error:  # a damaged header makes numpy raise whatever Python's own parser raises
            raise damaged(self.files.where, f"{name} cannot be read: {error}") from error
        if array.shape != shape or array.dtype != np.dtype(kind):
            raise damaged(self.files.where, f"{name} is {array.dtype}{list(array.shape)} instead of {list(shape)}")
        return array.view(np.ndarray)


def _level(manifest: Manifest, resolution: int) -> Level:
    return Level(resolution, manifest.channels, manifest.count, manifest.shards[resolution], manifest.storage)
