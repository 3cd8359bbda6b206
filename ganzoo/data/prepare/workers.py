"""Workers: processes that fill chunks, this one alone while that is quicker."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from types import ModuleType

from pydantic import BaseModel

from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import ImageDataset
from ganzoo.data.prepare.chunks import Chunk, ChunkIndex, fill
from ganzoo.data.sources.dataset import build_dataset, formats_of
from ganzoo.data.sources.detect import Formats
from ganzoo.errors import RunError

_PATIENCE_SECONDS = 2.0  # a pool costs a second where its processes have to import what reads images

Done = Callable[[Chunk, ChunkIndex], None]


def fill_all(dataset: ImageDataset, spec: ImageSpec, chunks: Sequence[Chunk], workers: int | None, done: Done) -> None:
    """Fill chunks and call `done` for each, in any order.

    Args:
        dataset: Where the images come from.
        spec: What they must be.
        chunks: What is to be filled.
        workers: Number of processes; 1 works here; None takes one per core as soon as it is worth while.
        done: Called in this process.

    Raises:
        RunError: A process died. All chunks that are done stay.
    """
    rest = list(chunks)
    count = workers or available_cores()
    if workers is None or count == 1:
        rest = _fill_here(dataset, spec, rest, None if count == 1 else _PATIENCE_SECONDS, done)
    if rest:
        _fill_in_pool(dataset, spec, rest, min(count, len(rest)), done)


def available_cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _fill_here(
    dataset: ImageDataset, spec: ImageSpec, chunks: list[Chunk], patience: float | None, done: Done
) -> list[Chunk]:
    """Fill chunks until the rest would take longer than `patience` seconds; return that rest."""
    start = time.monotonic()
    for number, chunk in enumerate(chunks):
        done(chunk, fill(dataset, spec, chunk))
        remaining = len(chunks) - number - 1
        if patience is not None and (time.monotonic() - start) / (number + 1) * remaining > patience:
            return chunks[number + 1 :]
    return []


def _fill_in_pool(dataset: ImageDataset, spec: ImageSpec, chunks: list[Chunk], count: int, done: Done) -> None:
    context = _context(dataset)
    lifeline, end = context.Pipe(duplex=False)
    # Classes travel by the names of their modules, so that a worker need not look for plugins.
    copied = end if context.get_start_method() == "fork" else None
    arguments = (type(dataset), dataset.options, dict(formats_of(dataset)), spec, lifeline, copied)
    pool = ProcessPoolExecutor(count, context, initializer=_start, initargs=arguments)
    try:
        with main_hidden(type(dataset), *formats_of(dataset).values()):  # processes start as work comes in
            chunk_of: dict[Future[ChunkIndex], Chunk] = {pool.submit(_fill, chunk): chunk for chunk in chunks}
        for future in as_completed(chunk_of):
            done(chunk_of[future], future.result())
    except BrokenProcessPool as error:
        raise RunError(
            f"a process that was preparing images of {dataset.name!r} died (out of memory, or killed). What is "
            "prepared so far is kept: start again to resume, after freeing memory if it ran out"
        ) from error
    except BaseException:
        end.close()  # Ctrl-C or an error: chunks that are half done are dropped
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        end.close()
        lifeline.close()


def _context(dataset: ImageDataset) -> BaseContext:
    """Return how processes start: forked, which takes no time, where this process has no threads.

    torch has some, and notebooks and progress displays may: a fork would copy their locks as they are.
    """
    methods = multiprocessing.get_all_start_methods()
    if "fork" in methods and threading.active_count() == 1 and "torch" not in sys.modules:
        return multiprocessing.get_context("fork")
    if "forkserver" not in methods:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    parts = [type(dataset), *formats_of(dataset).values()]
    context.set_forkserver_preload(["ganzoo.data.prepare.workers", *dict.fromkeys(cls.__module__ for cls in parts)])
    return context


@contextmanager
def main_hidden(*parts: type) -> Iterator[None]:
    """Keep processes that start inside from running the caller's program again, unless a part is defined there.

    multiprocessing does so for what it pickled of it, and a script that calls `ganzoo.run` without a guard would begin
    anew in each worker.
    """
    main = sys.modules["__main__"]
    if any(part.__module__ == "__main__" for part in parts):
        yield
        return
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


_current: tuple[ImageDataset, ImageSpec] | None = None


def _start(
    dataset: type[ImageDataset],
    options: BaseModel,
    formats: Formats,
    spec: ImageSpec,
    lifeline: Connection,
    copied: Connection | None,
) -> None:
    """Set up a worker process; `copied` is the other end of the lifeline where a fork has copied it."""
    global _current  # the one state of a worker process, set once before its first chunk
    if copied is not None:
        copied.close()  # or it would hold on to itself
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not what a fork has copied of the parent's
    _current = build_dataset(dataset, options, formats), spec
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which says so by the lifeline
    threading.Thread(target=_leave_with, args=(lifeline,), daemon=True).start()


def _leave_with(lifeline: Connection) -> None:
    """End this process when the other end of the lifeline is closed, or its owner gone even by SIGKILL.

    Chunks are written whole or not at all, so this is safe at any moment.
    """
    wait([lifeline])
    os._exit(1)


def _fill(chunk: Chunk) -> ChunkIndex:
    assert _current is not None, "set by the pool's initializer"
    dataset, spec = _current
    return fill(dataset, spec, chunk)
