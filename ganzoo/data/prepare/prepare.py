"""Preparation: from a dataset to its pack, parallel, resumable, published whole or not at all."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ganzoo._io.atomic import make_folder, remove_tree, sweep_temporaries, writing
from ganzoo._io.cache_dir import sweep_cache
from ganzoo.contracts.datasets import ImageDataset, Item
from ganzoo.data.pack.manifest import BadFile, read_manifest
from ganzoo.data.pack.pack import Pack
from ganzoo.data.prepare import chunks as chunk_files
from ganzoo.data.prepare.assemble import assemble, bad_files
from ganzoo.data.prepare.chunks import Chunk, ChunkIndex
from ganzoo.data.prepare.job import Job, PreparationOptions, Progress
from ganzoo.data.prepare.workers import fill_all
from ganzoo.errors import DataError, GanzooError, RefusedError

_LISTED_BAD_FILES = 20
_NAMED_ALIKE = 3
_LOCK_POLL_SECONDS = 0.1


def prepare(
    dataset: ImageDataset,
    name: str,
    *,
    cache: Path,
    skip_bad: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
    on_listed: Callable[[Sequence[Item]], None] | None = None,
) -> Pack:
    """Return the pack of a dataset in the cache, preparing it unless a finished, current and undamaged one is there.

    Interrupted at any moment, it goes on where it stopped when it is called again. Of two processes that prepare
    the same pack at once, one works and the other waits for it.

    Args:
        dataset: Where the images come from.
        name: What the dataset is called.
        cache: Folder that holds `packs/`.
        skip_bad: Leave out files that cannot be read, instead of stopping.
        workers: Number of processes; None takes one per core as soon as it is worth while.
        progress: Called with the number of images done and of all.
        on_listed: Called with all images before any is prepared; what it raises is raised here.

    Raises:
        DataError: There are no images, some cannot be read, or the pack that is there is damaged.
        PluginError: The dataset does not keep its contract.
        RunError: The disk is full, or a worker process died.
    """
    sweep_cache(cache)
    job = Job.of(dataset, name, PreparationOptions(skip_bad, workers, progress))
    if on_listed:
        on_listed(job.items)
    packs = cache / "packs"
    stem = f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)}-{job.spec.resolution}"
    final = packs / f"{stem}-{job.source[:16]}"
    place = f"{stem}-{job.options[:16]}"
    return _obtain(job, final, packs / f".work-{place}", packs / f".lock-{place}", _make_in_cache)


def prepare_at(dataset: ImageDataset, name: str, path: Path, preparation: PreparationOptions) -> Pack:
    """Return the pack of a dataset at `path`, preparing it unless that very pack is there already. See `prepare`.

    What an interrupted preparation leaves lies beside `path`, under a name that begins with `.work-`.

    Raises:
        RefusedError: There is something else at `path`.
    """
    job = Job.of(dataset, name, preparation)
    if os.path.lexists(path):
        _refuse_other(path, job)
    working = path.parent / f".work-{path.name}-{job.options[:16]}"
    return _obtain(job, path, working, working / ".lock", make_folder)


def _obtain(job: Job, final: Path, working: Path, lock: Path, make: Callable[[Path], None]) -> Pack:
    skip_bad = job.preparation.skip_bad
    pack = _finished(final)
    if pack is None or working.exists():  # there are leftovers where a kill came between the last two lines
        make(working)
        with _lock(lock):
            pack = pack or _finished(final)  # perhaps the owner of the lock has just made it
            if pack is None:
                parts = _fill(job, working)
                bad = bad_files(parts)
                _report(bad, len(job.items), job.name, skip_bad)
                if bad and job.preparation.on_bad_files:
                    job.preparation.on_bad_files(bad)
                pack = assemble(job.prepared(), parts, final)
            remove_tree(working)
    _report(pack.manifest.bad_files, len(job.items), job.name, skip_bad)
    return pack


def _refuse_other(path: Path, job: Job) -> None:
    found = read_manifest(path)
    pack_format = job.preparation.pack_format
    shards = {level.resolution: level.per_shard for level in pack_format.levels(job.spec, found.count)}
    if found.source_fingerprint != job.source or (found.storage, found.shards) != (pack_format.storage, shards):
        raise RefusedError(
            f"{path} is a prepared dataset already, of another source or other settings; choose another path, or "
            "delete it"
        )


def _make_in_cache(folder: Path) -> None:
    try:
        make_folder(folder)
    except GanzooError as error:
        raise type(error)(f"{error} Prepared images are kept in the cache: GANZOO_CACHE names its folder.") from error


def _finished(final: Path) -> Pack | None:
    if not final.exists():
        return None
    pack = Pack.open(final)
    if problems := pack.verify():
        raise DataError(f"{'; '.join(problems)}. Delete {final} to have it prepared again")
    return pack


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for the process that holds it. The system lets go of it when a process dies."""
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


def _fill(job: Job, working: Path) -> list[tuple[Chunk, ChunkIndex]]:
    """Fill all chunks, taking over those that an interrupted preparation left."""
    sweep_temporaries(working)
    parts: list[tuple[Chunk, ChunkIndex]] = []
    count = 0

    def done(chunk: Chunk, index: ChunkIndex) -> None:
        nonlocal count
        parts.append((chunk, index))
        count += len(chunk.items)
        if job.preparation.progress:
            job.preparation.progress(count, len(job.items))

    missing = []
    for chunk in chunk_files.divide(job.items, job.spec, working):
        index = chunk_files.read_index(job.spec, chunk)
        if index is None:
            missing.append(chunk)
        else:
            done(chunk, index)
    fill_all(job.dataset, job.spec, missing, job.preparation.workers, done)
    return parts


def _report(bad: Sequence[BadFile], count: int, name: str, skip_bad: bool) -> None:
    """Raise DataError that names the bad files, unless they may be left out."""
    if not bad or (skip_bad and len(bad) < count):
        return
    lines = _by_reason(bad)
    remedy = (
        "There is nothing left to train on"
        if len(bad) == count
        else "Fix or remove them, or leave them out with --skip-bad"
    )
    raise DataError("\n".join([f"{len(bad)} of {count} images of {name!r} cannot be used:", *lines, f"{remedy}."]))


def _by_reason(bad: Sequence[BadFile]) -> list[str]:
    """Return a line for each file, or one for all that share a reason, such as a library that is missing."""
    alike: dict[str, list[BadFile]] = {}
    for file in bad:
        alike.setdefault(file.reason.removeprefix(f"{file.key}: "), []).append(file)
    lines = []
    for reason, files in alike.items():
        if len(files) > _NAMED_ALIKE:
            names = ", ".join(file.key for file in files[:_NAMED_ALIKE])
            lines.append(f"  {names} and {len(files) - _NAMED_ALIKE:,} more: {reason}")
        else:
            lines += [f"  {file.reason}" for file in files]
    if len(lines) > _LISTED_BAD_FILES:
        lines[_LISTED_BAD_FILES:] = [f"  and {len(lines) - _LISTED_BAD_FILES} more"]
    return lines
