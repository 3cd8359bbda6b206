"""Assembly: from filled chunks to a published pack, its splits, order, fingerprint and files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from ganzoo._io.atomic import (
    make_folder,
    publish_directory,
    require_space,
    sha256_of,
    temporary_directory_beside,
    write_json,
    writing,
)
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import Item
from ganzoo.data.images.original import changes_of
from ganzoo.data.pack.format import PackFormat
from ganzoo.data.pack.manifest import (
    DIGESTS,
    FORMAT,
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
from ganzoo.data.pack.pack import Pack
from ganzoo.data.pack.shard_writer import ShardWriter
from ganzoo.data.prepare.chunks import Chunk, ChunkIndex, image_bytes, whereabouts
from ganzoo.data.prepare.splits import assign, subject_numbers, subject_tokens
from ganzoo.errors import DataError, RunError
from ganzoo.text import literal

_BYTES_AT_ONCE = 8 * 2**20

Parts = Sequence[tuple[Chunk, ChunkIndex]]


@dataclass(frozen=True)
class Prepared:
    """What a pack is made from, beside its pixels.

    Attributes:
        name: The dataset.
        spec: What the images are.
        source_fingerprint: Hash of what the source looked like.
        items: All images, those that cannot be read too.
        settings: The options that are recorded.
        shares: Share of the subjects that each split but `train` gets.
        split_seed: Another one draws other subjects.
        pack_format: How the images are stored.
        subject_advice: What the dataset says of its subjects where they may be too few.
        class_names: Names of the classes, all or none.
    """

    name: str
    spec: ImageSpec
    source_fingerprint: str
    items: tuple[Item, ...]
    settings: Mapping[str, JsonValue]
    shares: Mapping[str, float]
    split_seed: int
    pack_format: PackFormat
    subject_advice: str = ""
    class_names: tuple[str, ...] = ()


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
    if prepared.pack_format.storage == "raw":
        require_space(final.parent, prepared.pack_format.size(prepared.spec, len(layout.places)))
    with temporary_directory_beside(final) as folder:
        marks = _write_images(folder, prepared, layout, parts)
        for name, array in ((LABELS, layout.labels), (SUBJECTS, layout.subjects), (DIGESTS, layout.digests)):
            with writing(final):
                np.save(folder / name, array, allow_pickle=False)  # noqa: TID251 - into a folder not yet published
            marks[name] = FileMark(size=(folder / name).stat().st_size, sha256=sha256_of(folder / name))
        write_json(folder / MANIFEST, _manifest(prepared, layout, parts, marks).as_json())
        publish_directory(folder, final)
    return Pack.open(final)


def bad_files(parts: Parts) -> tuple[BadFile, ...]:
    """Return the files of filled chunks that could not be read, by name."""
    return tuple(BadFile(key=literal(item.key), reason=reason) for item, reason in _bad(parts))


def _recorded(parts: Parts) -> tuple[BadFile, ...]:
    """Return the bad files as a pack remembers them: where images are of stated subjects, names may say of whom."""
    return tuple(
        _unnamed(item, reason, number) if item.subject else BadFile(key=literal(item.key), reason=reason)
        for number, (item, reason) in enumerate(_bad(parts), start=1)
    )


def _unnamed(item: Item, reason: str, number: int) -> BadFile:
    what = reason.partition(": ")[2]
    file = item.key.rpartition("#")[0] or item.key
    telling = (item.subject, literal(PurePosixPath(file).name), literal(PurePosixPath(file).stem))
    if not what or any(text in what for text in telling):
        what = "cannot be read"
    return BadFile(key=f"image {number}", reason=f"image {number}: {what}")


def _bad(parts: Parts) -> list[tuple[Item, str]]:
    bad = [
        (item, reason)
        for chunk, index in parts
        for item, reason in zip(chunk.items, index.reasons, strict=True)
        if reason
    ]
    return sorted(bad, key=lambda found: found[0].key)


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
    splits = assign(items, tokens, prepared.shares, prepared.split_seed, prepared.subject_advice)
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


def _write_images(folder: Path, prepared: Prepared, layout: _Layout, parts: Parts) -> dict[str, FileMark]:
    """Write each image at its place; what lies in the chunks is compared with what was loaded."""
    spec = prepared.spec
    found = {place: where for chunk, index in parts for place, where in whereabouts(spec, chunk, index).items()}
    size = image_bytes(spec)
    at_once = max(1, _BYTES_AT_ONCE // size)
    with ShardWriter(folder, prepared.pack_format.levels(spec, len(layout.places))) as writer:
        for start in range(0, len(layout.places), at_once):
            rows = range(start, min(start + at_once, len(layout.places)))
            pixels = [found[int(layout.places[row])].read(size) for row in rows]
            for row, data in zip(rows, pixels, strict=True):
                if hashlib.sha256(data).digest() != layout.digests[row].tobytes():
                    raise RunError(f"prepared images of {prepared.name!r} changed on disk meanwhile: start again")
            images = np.frombuffer(b"".join(pixels), np.uint8)
            writer.add(images.reshape(-1, spec.channels, spec.resolution, spec.resolution))
        return writer.marks


def _manifest(prepared: Prepared, layout: _Layout, parts: Parts, marks: dict[str, FileMark]) -> Manifest:
    spec = prepared.spec
    originals = [original for _, index in parts for original in index.originals]
    return Manifest(
        format=FORMAT,
        name=prepared.name,
        resolution=spec.resolution,
        channels=spec.channels,
        label_dim=spec.label_dim,
        class_names=prepared.class_names,
        stated_subjects=sum(bool(prepared.items[place].subject) for place in layout.places),
        changes=changes_of(originals, spec, str(prepared.settings.get("shape", "crop"))),
        splits=layout.splits,
        fingerprint=content_fingerprint(spec, layout.splits, layout.digests, layout.labels),
        source_fingerprint=prepared.source_fingerprint,
        bad_files=_recorded(parts),
        settings=dict(prepared.settings),
        storage=prepared.pack_format.storage,
        shards={level.resolution: level.per_shard for level in prepared.pack_format.levels(spec, len(layout.places))},
        files=marks,
    )
