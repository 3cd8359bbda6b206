"""Manifest of a pack: sizes and checksums of its files, and the fingerprint of its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, JsonValue, PositiveInt, ValidationError

from ganzoo._io.format_version import unknown_format
from ganzoo._io.regular_file import read_regular
from ganzoo.contracts.component import ImageSpec
from ganzoo.data.images.original import Changes
from ganzoo.errors import DataError

FORMAT = 3
MANIFEST = "manifest.json"
LABELS, SUBJECTS, DIGESTS = "labels.npy", "subjects.npy", "digests.npy"
_CONTENT_RULE = 1  # counts up when equal images would have another fingerprint
SPLITS = ("train", "validate", "test", "held-out")
"""The names a split can have, in the order in which splits lie in a pack."""

IndexArray = NDArray[np.int64]


class FileMark(BaseModel):
    """How a file of a pack must look."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int
    sha256: str


class BadFile(BaseModel):
    """A file that was left out, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    reason: str


class Manifest(BaseModel):
    """What `manifest.json` says.

    Attributes:
        settings: The options that decided what the images are, and how they were split; no path is among them.
        storage: How images lie in their files, see `ganzoo.data.pack.pack.storage`.
        class_names: Names of classes 0, 1, ..., all or none.
        stated_subjects: How many images are of a subject that something names; the others count by themselves.
        changes: What became of images that were not as the pack is.
        shards: How many images a file holds, by resolution, the full one first: lower ones are its area averages.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    name: str
    resolution: int
    channels: int
    label_dim: int
    class_names: tuple[str, ...] = ()
    stated_subjects: int | None = None
    changes: Changes = Changes()
    splits: dict[str, int]
    fingerprint: str
    source_fingerprint: str
    bad_files: tuple[BadFile, ...]
    settings: dict[str, JsonValue]
    storage: Literal["raw", "deflate"]
    shards: dict[PositiveInt, PositiveInt]
    files: dict[str, FileMark]

    @property
    def count(self) -> int:
        """How many images there are."""
        return sum(self.splits.values())

    @property
    def hash(self) -> str:
        """SHA-256 of content and settings: the same on any machine, another when anything else is changed."""
        return _checksum(self.model_dump(mode="json", exclude={"source_fingerprint"}))

    @property
    def spec(self) -> ImageSpec:
        """What the images are."""
        return ImageSpec(self.resolution, self.channels, self.label_dim)

    def as_json(self) -> dict[str, object]:
        """Return plain data with a checksum over all of it."""
        plain = self.model_dump(mode="json")
        return {**plain, "checksum": _checksum(plain)}


def content_fingerprint(
    spec: ImageSpec, splits: Mapping[str, int], digests: NDArray[np.uint8], labels: IndexArray
) -> str:
    """Hash what the images are, and nothing about where they came from.

    Args:
        spec: Shape of the images.
        splits: Number of images in each split.
        digests: SHA-256 of each image's pixels, uint8 `[N, 32]`, in the order of the pack.
        labels: Class of each image, `[N]`, -1 for none.

    Returns:
        64 hex digits: the same for any file names, another for one changed pixel, label or split.
    """
    header = [_CONTENT_RULE, spec.resolution, spec.channels, spec.label_dim, [splits[name] for name in SPLITS]]
    digest = hashlib.sha256(json.dumps(header).encode())
    digest.update(np.ascontiguousarray(digests).tobytes())
    digest.update(labels.astype("<i8").tobytes())
    return digest.hexdigest()


def read_manifest(path: Path, called: str | None = None) -> Manifest:
    """Read and check the manifest of the pack in folder `path`, which messages name `called`. Raises DataError."""
    where = called or str(path)
    try:
        plain = json.loads(read_regular(path / MANIFEST, follow=True))
        stored = plain.pop("checksum")
    except OSError as error:
        if called or not path.exists() or not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise DataError(f"{where} is not a prepared dataset: {MANIFEST}: {error.strerror}") from error
        raise DataError(
            f"{where} is not a prepared dataset: it has no {MANIFEST}. Name the folder that ganzoo data prepare wrote; "
            f"if these are images, prepare them: ganzoo data prepare NAME --source {where} --out PACK"
        ) from error
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise damaged(where, f"{MANIFEST} cannot be read") from error
    if stored != _checksum(plain):
        raise damaged(where, f"{MANIFEST} does not agree with its own checksum")
    if plain.get("format") != FORMAT:
        raise DataError(f"{where} {unknown_format(plain.get('format'), FORMAT, 'prepare the images again')}")
    try:
        manifest = Manifest.model_validate(plain)
    except ValidationError as error:
        raise damaged(where, f"{MANIFEST} lacks what it must have") from error
    if set(manifest.splits) != set(SPLITS) or manifest.resolution not in manifest.shards:
        raise damaged(where, f"{MANIFEST} lacks what it must have")
    return manifest


def _checksum(plain: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def damaged(path: Path | str, what: str) -> DataError:
    """Return the error for a pack that is not as it was written."""
    return DataError(f"the prepared dataset {path} is damaged: {what}. Delete that folder; it is prepared again")
