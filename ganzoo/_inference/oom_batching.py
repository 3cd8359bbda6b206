"""Batching that survives a lack of memory: groups that run out of it are halved, and the work continues."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from ganzoo.errors import RunError

Made = TypeVar("Made")
_WORDS = ("can't allocate memory", "out of memory")  # of the CPU, of Apple's GPUs


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on a GPU or on the CPU."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(word in str(error) for word in _WORDS)


def in_groups(count: int, size: int, make: Callable[[range], Made]) -> Iterator[Made]:
    """Yield what `make` gives for one group of rows after another.

    Where memory runs out, the group is made again half as large, and all after it.

    Args:
        count: How many rows there are.
        size: How many `make` gets at once; the last rows it gets may be beyond `count`: it fills up, or leaves them.
        make: Takes the numbers of `size` rows.

    Raises:
        RunError: Memory does not suffice for one row.
    """
    start = 0
    while start < count:
        try:
            made = make(range(start, start + size))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if size == 1:
                raise RunError(
                    "out of memory for a single image; free some, or choose another --device, such as cpu"
                ) from error
            size //= 2
            continue
        yield made
        start += size
