"""Reading the next batch while the networks work on this one, into memory that a GPU copies from by itself."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from torch import Tensor

Batch = tuple[Tensor, Tensor]
_Asked = tuple[int, int, int]


class Stream(Protocol):
    """Images by position, such as `Batches`."""

    def at(self, position: int, count: int, resolution: int) -> Batch:
        """Return images `[count, C, r, r]` and labels `[count, L]` from a position on."""


class Prefetched:
    """A stream that has the next batch ready, in pinned memory.

    What comes next is guessed: as many images again, from where this batch ends. A wrong guess costs one reading and
    changes nothing, since a batch depends on what is asked for alone.

    Args:
        stream: What is read. It is read in one thread at a time.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="prefetch")
        self._guess: tuple[_Asked, Future[Batch]] | None = None

    def at(self, position: int, count: int, resolution: int) -> Batch:
        """See `Batches.at`; the tensors are pinned, to be copied with `non_blocking=True`."""
        asked = (position, count, resolution)
        if self._guess and self._guess[0] == asked:
            batch = self._guess[1].result()
        else:
            batch = self._pool.submit(self._read, *asked).result()  # after a wrong guess that is still being read
        following = (position + count, count, resolution)
        self._guess = following, self._pool.submit(self._read, *following)
        return batch

    def close(self) -> None:
        """Stop reading ahead."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _read(self, position: int, count: int, resolution: int) -> Batch:
        images, labels = self._stream.at(position, count, resolution)
        return images.pin_memory(), labels.pin_memory() if labels.numel() else labels
