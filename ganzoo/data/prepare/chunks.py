"""Chunks: small checksummed files of prepared images, which an interrupted preparation leaves behind.

Images go to chunks by the hash of their name, not by their number, so that adding, fixing or removing one file
makes one chunk stale and not all that follow.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from ganzoo._io.atomic import atomic_write
from ganzoo.contracts.component import ImageSpec, PixelArray
from ganzoo.contracts.datasets import ImageDataset, Item
from ganzoo.data.images.original import Original
from ganzoo.data.sources.dataset import SourceDataset
from ganzoo.errors import DataError, PluginError
from ganzoo.text import literal

_CHUNK_IMAGES = 48
_CHUNK_BYTES = 8 * 2**20
SUFFIX = ".chunk"


class ChunkIndex(BaseModel):
    """The first line of a chunk: per image the SHA-256 of its pixels or why it has none; and what images were."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digests: tuple[str | None, ...]
    reasons: tuple[str, ...]
    originals: tuple[Original, ...]


@dataclass(frozen=True)
class Chunk:
    """Some images of a dataset and the file that holds them once they are prepared.

    Attributes:
        path: The file.
        places: Where the images stand in the list of all items.
        items: The images.
    """

    path: Path
    places: tuple[int, ...]
    items: tuple[Item, ...]


def divide(items: Sequence[Item], spec: ImageSpec, folder: Path) -> list[Chunk]:
    """Divide a dataset into chunks of a few dozen images. `folder` must belong to these options alone."""
    wanted = max(1, min(_CHUNK_IMAGES, _CHUNK_BYTES // image_bytes(spec)))
    bits = max(0, (len(items) // wanted).bit_length())
    members: dict[int, list[int]] = {}
    for place, item in enumerate(items):
        group = (item.together or item.key).encode("utf-8", "surrogatepass")
        word = int.from_bytes(hashlib.sha256(group).digest()[:4], "big")
        members.setdefault(word >> (32 - bits), []).append(place)
    chunks = []
    for _, places in sorted(members.items()):
        places.sort(key=lambda place: (items[place].together, place))
        part = tuple(items[place] for place in places)
        identity = json.dumps([[item.key, item.fingerprint] for item in part])
        name = hashlib.sha256(identity.encode()).hexdigest()[:24] + SUFFIX
        chunks.append(Chunk(folder / name, tuple(places), part))
    return chunks


def image_bytes(spec: ImageSpec) -> int:
    """Return the size of one prepared image."""
    return spec.channels * spec.resolution**2


def fill(dataset: ImageDataset, spec: ImageSpec, chunk: Chunk) -> ChunkIndex:
    """Load the images of a chunk and write its file. Images that cannot be read are noted, not raised.

    Raises:
        PluginError: The dataset fails in another way than by DataError, or returns something else than promised.
        RunError: The disk is full.
    """
    pixels: list[bytes] = []
    digests: list[str | None] = []
    reasons: list[str] = []
    originals: list[Original] = []
    for item in chunk.items:
        if isinstance(dataset, SourceDataset):
            dataset.last_original = None
        try:
            image = _load(dataset, spec, item)
        except DataError as error:
            digests.append(None)
            reasons.append(literal(str(error)))
            continue
        pixels.append(image.tobytes())
        digests.append(hashlib.sha256(pixels[-1]).hexdigest())
        reasons.append("")
        if isinstance(dataset, SourceDataset) and dataset.last_original:
            originals.append(dataset.last_original)
    index = ChunkIndex(digests=tuple(digests), reasons=tuple(reasons), originals=tuple(originals))
    head = json.dumps(index.model_dump(mode="json"), ensure_ascii=True).encode()
    atomic_write(chunk.path, b"\n".join([head, b"".join(pixels)]))
    return index


def read_index(spec: ImageSpec, chunk: Chunk) -> ChunkIndex | None:
    """Return what a chunk's file holds, or None where there is no file or a damaged one."""
    try:
        index, images = _parse(spec, chunk)
    except (OSError, ValueError, ValidationError):
        return None
    good = [digest for digest in index.digests if digest]
    if len(index.digests) != len(chunk.items) or len(images) != len(good):
        return None
    found = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    return index if found == good else None


@dataclass(frozen=True)
class Whereabouts:
    """Where one prepared image lies: a file and the number of its first byte."""

    path: Path
    offset: int

    def read(self, size: int) -> bytes:
        """Return its pixels."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(descriptor, size, self.offset)
        finally:
            os.close(descriptor)


def whereabouts(spec: ImageSpec, chunk: Chunk, index: ChunkIndex) -> dict[int, Whereabouts]:
    """Return where each readable image of a chunk lies, by its place in the list of all items."""
    good = [place for place, digest in zip(chunk.places, index.digests, strict=True) if digest]
    size = image_bytes(spec)
    start = chunk.path.stat().st_size - len(good) * size
    return {place: Whereabouts(chunk.path, start + number * size) for number, place in enumerate(good)}


def _parse(spec: ImageSpec, chunk: Chunk) -> tuple[ChunkIndex, NDArray[np.uint8]]:
    head, _, body = chunk.path.read_bytes().partition(b"\n")
    images = np.frombuffer(body, np.uint8).reshape(-1, image_bytes(spec))
    return ChunkIndex.model_validate_json(head), images


def _load(dataset: ImageDataset, spec: ImageSpec, item: Item) -> PixelArray:
    try:
        image = dataset.load(item)
    except DataError:
        raise
    except Exception as error:
        raise PluginError(
            f"dataset {dataset.name!r} failed on {literal(item.key)!r}: {type(error).__name__}: {error}. "
            "This is a fault of the dataset, not of the file: a dataset says DataError for what it cannot read"
        ) from error
    shape = (spec.channels, spec.resolution, spec.resolution)
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != shape:
        found = f"{image.dtype}{list(image.shape)}" if isinstance(image, np.ndarray) else type(image).__name__
        raise PluginError(
            f"dataset {dataset.name!r} returned {found} for {literal(item.key)!r} instead of uint8{list(shape)}"
        )
    return image
