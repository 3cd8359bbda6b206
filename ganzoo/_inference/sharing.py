"""Sharing: images that do not depend on each other, dealt out to processes; what is made of them comes together in one.

A share is a run of whole groups, so that each group is computed as in a single process, and the bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from safetensors.torch import load, save
from torch import Tensor

from ganzoo.errors import GanzooError, RunError, RunStopped, ShareDone
from ganzoo.layers.ranks import Ranks

_FAILED, _STOPPED = "failed", "stopped"


def share_of(count: int, group: int, ranks: Ranks) -> range:
    """Return which of `count` images are this process's: whole groups, as evenly as they go; of few, some have none."""
    groups = -(-count // group)
    borders = [min(count, -(-groups * rank // ranks.size) * group) for rank in (ranks.rank, ranks.rank + 1)]
    return range(*borders)


def collected(ranks: Ranks, work: Callable[[], Mapping[str, Tensor]]) -> Sequence[Mapping[str, Tensor]]:
    """Do this process's share; return what all have made, by their numbers, in process 0, and nothing in the others.

    Args:
        ranks: Who shares the work; all of them must come through here.
        work: Makes tensors on the CPU, by names.

    Raises:
        RunStopped: A signal to another process has stopped its work.
        RunError: Work has failed in another process.
        ProcessEnded: Another process is gone.
    """
    if ranks.size == 1:
        return [work()]
    failure: GanzooError | None = None
    found: Mapping[str, Tensor] = {}
    try:
        found = work()
    except GanzooError as error:
        # Told in the place of results: the others wait for this process's.
        failure = error
        found = {_STOPPED if isinstance(error, RunStopped) else _FAILED: text_tensor(str(error))}
    parts = ranks.collected(save({name: tensor.contiguous() for name, tensor in found.items()}))
    if failure is not None:
        raise failure
    every = [load(part) for part in parts]
    for rank, part in enumerate(every):
        if _STOPPED in part:
            raise RunStopped(text_of(part[_STOPPED]))
        if _FAILED in part:
            raise RunError(f"process {rank} of {ranks.size} failed: {text_of(part[_FAILED])}")
    return every


_drawing = Ranks()


@contextmanager
def sharing_images(ranks: Ranks) -> Iterator[None]:
    """A block in which figures share their images over processes, all of which come through here."""
    global _drawing
    before, _drawing = _drawing, ranks
    try:
        yield
    finally:
        _drawing = before


def shared_rows(count: int, work: Callable[[range], Mapping[str, Tensor]]) -> Mapping[str, Tensor]:
    """Let the processes that draw a figure each do some rows, and return what all have made, in the first of them.

    In a single process that is what `work` returns for all rows. The others end here.

    Args:
        count: How many rows there are, 1 or more; each is independent of the others.
        work: Makes tensors `[n, ...]` on the CPU of n rows, by names that are the same for any rows.
    """
    if _drawing.size == 1:
        return work(range(count))
    own = share_of(count, 1, _drawing)
    parts = [part for part in collected(_drawing, lambda: work(own) if own else {}) if part]
    if _drawing.rank:
        raise ShareDone("the first process goes on")
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def text_tensor(text: str) -> Tensor:
    """Return text as bytes `[n]`."""
    return torch.tensor(list(text.encode()), dtype=torch.uint8)


def text_of(values: Tensor) -> str:
    """Return the text of `text_tensor`."""
    return bytes(values.tolist()).decode()
