"""From a data set to its pack: parallel, resumable, published whole or not at all."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ganzoo.contracts import ImageDataset, ImageSpec, Item
from ganzoo.data import chunks as chunk_files
from ganzoo.data.assemble import Prepared, assemble, bad_files
from ganzoo.data.chunks import Chunk, ChunkIndex
from ganzoo.data.manifest import SPLITS, BadFile
from ganzoo.data.pack import Pack
from ganzoo.data.workers import fill_all
from ganzoo.errors import DataError, GanzooError, PluginError
from ganzoo.files import make_folder, remove_tree, sweep_temporaries, writing
from ganzoo.text import literal

RULE_VERSION = 1
"""Counts up when the same source would give other pixels: packs of another version are prepared again."""

_LISTED_BAD_FILES = 20
_LOCK_POLL_SECONDS = 0.1

Progress = Callable[[int, int], None]


def prepare(
    dataset: ImageDataset,
    name: str,
    *,
    cache: Path,
    skip_bad: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Pack:
    """Return the pack of a data set, preparing it unless a finished, current and undamaged one is there.

    Interrupted at any moment, it goes on where it stopped when it is called again. Of two processes that prepare
    the same pack at once, one works and the other waits for it.

    Args:
        dataset: Where the images come from.
        name: What the data set is called.
        cache: Folder that holds `packs/`.
        skip_bad: Leave out files that cannot be read, instead of stopping.
        workers: Number of processes; None takes one per core as soon as it is worth while.
        progress: Called with the number of images done and of all.

    Raises:
        DataError: There are no images, some cannot be read, or the pack that is there is damaged.
        PluginError: The data set does not keep its contract.
        RunError: The disk is full, or a worker process died.
    """
    _refuse_in_starting_worker()
    items = dataset.items()
    spec = type(dataset).spec_of(dataset.options)
    _check(dataset, spec, items)
    options = options_fingerprint(dataset, name)
    source = source_fingerprint(options, items)
    packs = cache / "packs"
    stem = f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)}-{spec.resolution}"
    final = packs / f"{stem}-{source[:16]}"
    pack = _finished(final)
    if pack is None:
        working = packs / f".work-{stem}-{options[:16]}"
        _make_in_cache(working)
        with _lock(packs / f".lock-{stem}-{options[:16]}"):
            pack = _finished(final)  # perhaps the owner of the lock has just made it
            if pack is None:
                parts = _fill(dataset, spec, items, working, workers, progress)
                prepared = Prepared(name, spec, source, tuple(items), dataset.options.held_out)
                _report(bad_files(parts), len(items), name, skip_bad)
                pack = assemble(prepared, parts, final)
                remove_tree(working)
    _report(pack.manifest.bad_files, len(items), name, skip_bad)
    return pack


def _make_in_cache(folder: Path) -> None:
    try:
        make_folder(folder)
    except GanzooError as error:
        raise type(error)(f"{error} Prepared images are kept in the cache: GANZOO_CACHE names its folder.") from error


def _refuse_in_starting_worker() -> None:
    """Stop a worker that runs its parent's script again: it would wait for ever for the pack its parent prepares."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise DataError(
            "a worker process ran the whole script again instead of preparing images; put what the script does "
            'under: if __name__ == "__main__":'
        )


def options_fingerprint(dataset: ImageDataset, name: str) -> str:
    """Hash all options that can change a pack (mirroring is done when a batch is drawn)."""
    options = dataset.options.model_dump(exclude={"mirror"})
    kind = f"{type(dataset).__module__}.{type(dataset).__qualname__}"
    plain = [RULE_VERSION, type(dataset).reading_version, name, kind, options]
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()


def source_fingerprint(options: str, items: Sequence[Item]) -> str:
    """Hash what the source looks like now: a file that changes, comes or goes gives another pack."""
    digest = hashlib.sha256(options.encode())
    for item in items:
        digest.update(json.dumps([item.key, item.subject, item.label, item.split, item.fingerprint]).encode())
    return digest.hexdigest()


def _check(dataset: ImageDataset, spec: ImageSpec, items: Sequence[Item]) -> None:
    if not items:
        raise DataError(f"data set {dataset.name!r} has no images. {dataset.where_to_get}".strip())
    if len({item.key for item in items}) != len(items):
        raise PluginError(f"data set {dataset.name!r} gives two images the same key; keys must be unique")
    for item in items:
        if item.split is not None and item.split not in SPLITS:
            raise PluginError(
                f"data set {dataset.name!r} puts {literal(item.key)!r} in split {item.split!r}; "
                f"splits are called {', '.join(SPLITS)}"
            )
        if (item.label is None) != (spec.label_dim == 0):
            raise PluginError(
                f"data set {dataset.name!r} promises {spec.label_dim} classes, but {literal(item.key)!r} "
                f"has {'no label' if item.label is None else 'one'}"
            )
        if item.label is not None and not 0 <= item.label < spec.label_dim:
            raise PluginError(
                f"data set {dataset.name!r} promises {spec.label_dim} classes, but {literal(item.key)!r} "
                f"has label {item.label}"
            )


def _finished(final: Path) -> Pack | None:
    if not final.exists():
        return None
    pack = Pack.open(final)
    if problems := pack.verify():
        raise DataError(f"{'; '.join(problems)}. Delete {final} to have it prepared again")
    return pack


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for whoever holds it. The system lets go of it when a process dies."""
    import fcntl

    with writing(path):
        file = path.open("ab")
    with file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_LOCK_POLL_SECONDS)
        yield


def _fill(
    dataset: ImageDataset,
    spec: ImageSpec,
    items: Sequence[Item],
    working: Path,
    workers: int | None,
    progress: Progress | None,
) -> list[tuple[Chunk, ChunkIndex]]:
    """Fill all chunks, taking over those that an interrupted preparation left."""
    sweep_temporaries(working)
    parts: list[tuple[Chunk, ChunkIndex]] = []
    count = 0

    def done(chunk: Chunk, index: ChunkIndex) -> None:
        nonlocal count
        parts.append((chunk, index))
        count += len(chunk.items)
        if progress:
            progress(count, len(items))

    missing = []
    for chunk in chunk_files.divide(items, spec, working):
        index = chunk_files.read_index(spec, chunk)
        if index is None:
            missing.append(chunk)
        else:
            done(chunk, index)
    fill_all(dataset, spec, missing, workers, done)
    return parts


def _report(bad: Sequence[BadFile], count: int, name: str, skip_bad: bool) -> None:
    """Raise DataError that names the bad files, unless they may be left out."""
    if not bad or (skip_bad and len(bad) < count):
        return
    lines = [f"  {file.reason}" for file in bad[:_LISTED_BAD_FILES]]
    if len(bad) > _LISTED_BAD_FILES:
        lines.append(f"  and {len(bad) - _LISTED_BAD_FILES} more")
    remedy = (
        "There is nothing left to train on"
        if len(bad) == count
        else "Mend or remove them, or leave them out with --skip-bad"
    )
    raise DataError("\n".join([f"{len(bad)} of {count} images of {name!r} cannot be used:", *lines, f"{remedy}."]))
