"""From filled chunks to a published pack: splits, order, fingerprint, files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganzoo.contracts import ImageSpec, Item
from ganzoo.data.chunks import Chunk, ChunkIndex, image_bytes, read_images
from ganzoo.data.manifest import (
    FORMAT,
    IMAGES,
    LABELS,
    MANIFEST,
    SPLITS,
    SUBJECTS,
    BadFile,
    FileMark,
    IndexArray,
    Manifest,
    content_fingerprint,
)
from ganzoo.data.pack import Pack
from ganzoo.data.splits import assign, subject_numbers, subject_tokens
from ganzoo.errors import DataError, RunError
from ganzoo.files import (
    make_folder,
    publish_directory,
    require_space,
    sha256_of,
    temporary_directory_beside,
    write_json,
    writing,
)
from ganzoo.text import literal

Parts = Sequence[tuple[Chunk, ChunkIndex]]


@dataclass(frozen=True)
class Prepared:
    """What a pack is made from, beside its pixels."""

    name: str
    spec: ImageSpec
    source_fingerprint: str
    items: tuple[Item, ...]
    held_out: float


@dataclass(frozen=True)
class _Layout:
    """The readable images in the order of the pack.

    Attributes:
        places: Where each stands in the list of all items.
        splits: Number of images per split.
        digests: SHA-256 of each, uint8 `[N, 32]`.
        labels: Class of each, -1 for none.
        subjects: Opaque number of each one's subject.
    """

    places: IndexArray
    splits: dict[str, int]
    digests: NDArray[np.uint8]
    labels: IndexArray
    subjects: IndexArray


def assemble(prepared: Prepared, parts: Parts, final: Path) -> Pack:
    """Write the pack `final` from filled chunks.

    Raises:
        DataError: The splits cannot be made.
        RunError: The disk is full.
    """
    layout = _lay_out(prepared, parts)
    make_folder(final.parent)
    require_space(final.parent, len(layout.places) * image_bytes(prepared.spec))
    with temporary_directory_beside(final) as folder:
        with writing(final):
            _write_images(folder / IMAGES, prepared.spec, layout, parts)
            for name, array in ((LABELS, layout.labels), (SUBJECTS, layout.subjects)):
                np.save(folder / name, array, allow_pickle=False)
        write_json(folder / MANIFEST, _manifest(prepared, layout, parts, folder).as_json())
        publish_directory(folder, final)
    return Pack.open(final)


def bad_files(parts: Parts) -> tuple[BadFile, ...]:
    """Return the files of filled chunks that could not be read, by name."""
    bad = [
        BadFile(key=literal(item.key), reason=reason)
        for chunk, index in parts
        for item, reason in zip(chunk.items, index.reasons, strict=True)
        if reason
    ]
    return tuple(sorted(bad, key=lambda file: file.key))


def _lay_out(prepared: Prepared, parts: Parts) -> _Layout:
    found = sorted(
        (place, digest)
        for chunk, index in parts
        for place, digest in zip(chunk.places, index.digests, strict=True)
        if digest is not None
    )
    places = np.array([place for place, _ in found], np.int64)
    hexes = [digest for _, digest in found]
    items = [prepared.items[place] for place in places]
    tokens = subject_tokens(items, hexes)
    splits = assign(items, tokens, prepared.held_out)
    if not (splits == SPLITS.index("train")).any():
        raise DataError(f"no image of {prepared.name!r} is left for the split 'train'; lower dataset.held_out")
    labels = np.array([-1 if item.label is None else item.label for item in items], np.int64)
    subjects = subject_numbers(tokens)
    order = np.lexsort((subjects, labels, np.array(hexes), splits))
    digests = np.frombuffer(bytes.fromhex("".join(hexes)), np.uint8).reshape(-1, 32)
    counts = np.bincount(splits, minlength=len(SPLITS))
    return _Layout(
        places=places[order],
        splits={name: int(count) for name, count in zip(SPLITS, counts, strict=True)},
        digests=digests[order],
        labels=labels[order],
        subjects=subjects[order],
    )


def _write_images(path: Path, spec: ImageSpec, layout: _Layout, parts: Parts) -> None:
    """Write each image at its place. By plain writes: a full disk is an error then, but a crash in a memory map."""
    size = image_bytes(spec)
    target = {int(place): number for number, place in enumerate(layout.places)}
    shape = (len(layout.places), spec.channels, spec.resolution, spec.resolution)
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.flush()
        start = file.tell()
        for chunk, index in parts:
            good = [place for place, digest in zip(chunk.places, index.digests, strict=True) if digest]
            for place, image in zip(good, read_images(spec, chunk), strict=True):
                written = os.pwrite(file.fileno(), image.tobytes(), start + target[place] * size)
                if written != size:
                    raise RunError(f"disk full: {path} could not be written whole")


def _manifest(prepared: Prepared, layout: _Layout, parts: Parts, folder: Path) -> Manifest:
    spec = prepared.spec
    marks = {
        name: FileMark(size=(folder / name).stat().st_size, sha256=sha256_of(folder / name))
        for name in (IMAGES, LABELS, SUBJECTS)
    }
    return Manifest(
        format=FORMAT,
        name=prepared.name,
        resolution=spec.resolution,
        channels=spec.channels,
        label_dim=spec.label_dim,
        splits=layout.splits,
        fingerprint=content_fingerprint(spec, layout.splits, layout.digests, layout.labels),
        source_fingerprint=prepared.source_fingerprint,
        bad_files=bad_files(parts),
        files=marks,
    )
