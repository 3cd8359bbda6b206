"""Prefetching: the next batch is read while the networks work on this one, into memory that a GPU copies from.

It is left in bytes, a quarter of what would be copied in floats; a GPU makes them floats in no time.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from torch import Tensor

from ganzoo.data.stream.batches import Batches

Batch = tuple[Tensor, Tensor]
_Asked = tuple[int, int, int]


class Prefetched:
    """A stream that has the next batch ready, in pinned memory.

    What comes next is guessed: as many images again, from where this batch ends. A wrong guess costs one reading and
    changes nothing, since a batch depends on what is asked for alone.

    Args:
        stream: What is read. It is read in one thread at a time.
        pinned: Use pinned memory, which needs a GPU. PyTorch keeps and reuses it once the GPU has copied.
    """

    def __init__(self, stream: Batches, *, pinned: bool = True) -> None:
        self._stream, self._pinned = stream, pinned
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="prefetch")
        self._guess: tuple[_Asked, Future[Batch]] | None = None

    def at(self, position: int, count: int, resolution: int) -> Batch:
        """See `Batches.pixels_at`; the tensors are pinned, to be copied with `non_blocking=True`."""
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
        images, labels = self._stream.pixels_at(position, count, resolution)
        if not self._pinned:
            return images, labels
        return images.pin_memory(), labels.pin_memory() if labels.numel() else labels
