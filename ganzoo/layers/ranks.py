"""Ranks: the processes that share each batch of a training, and how a part looks beyond its own images.

Process r of W holds images r, r + W, r + 2W, ... of the batch, so that each image is computed once and what belongs to
it (latent, noise, augmentation) is the same for any W. What a part computes from several images goes through
`batch_mean` or `all_rows`, and what it draws for each image through `per_image`. In a single process, and wherever no
batch is shared, these return what they are given or draw: no bit depends on them there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from ganzoo.errors import ProcessEnded


@dataclass(eq=False)
class Links:
    """What carries tensors between processes: on their device, and on the CPU, where no GPU is waited for.

    The threads of a group end once nothing refers to it. One that lets go of the last tensor while the interpreter
    shuts down aborts the process: so ranks, of which there are many, refer to these links, which are cut in time.
    """

    device: dist.ProcessGroup | None = None
    host: dist.ProcessGroup | None = None

    def cut(self) -> None:
        """Let go of both groups; nothing is carried any more."""
        self.device = self.host = None


@dataclass(frozen=True)
class Ranks:
    """Which of how many processes this is.

    Attributes:
        rank: Number of this process, from 0.
        size: How many there are.
        links: What carries tensors between them; nothing for a single process.
    """

    rank: int = 0
    size: int = 1
    links: Links = field(default_factory=Links)

    def own(self, values: Tensor, dim: int = 0) -> Tensor:
        """Return this process's images of a whole batch's, copied."""
        if self.size == 1:
            return values
        return values[(slice(None),) * dim + (slice(self.rank, None, self.size),)].contiguous()

    def any(self, flags: Sequence[bool]) -> list[bool]:
        """Return for each flag whether it is up in any process; no GPU is waited for."""
        return [bool(flag) for flag in self.highest(flags)]

    def highest(self, numbers: Sequence[float]) -> list[float]:
        """Return the highest of each number over all processes; no GPU is waited for."""
        found = torch.tensor(numbers, dtype=torch.float64, device="cpu")
        if self.size > 1:
            with exchanging():
                dist.all_reduce(found, op=dist.ReduceOp.MAX, group=self.links.host)
        return found.tolist()

    def told(self, text: str = "") -> str:
        """Return the text of process 0, in all of them."""
        if self.size == 1:
            return text
        words = torch.tensor(list(text.encode()), dtype=torch.uint8, device="cpu")
        length = torch.tensor([len(words)], device="cpu")
        with exchanging():
            dist.broadcast(length, 0, group=self.links.host)
            words = words if self.rank == 0 else torch.empty(int(length), dtype=torch.uint8, device="cpu")
            dist.broadcast(words, 0, group=self.links.host)
        return bytes(words.tolist()).decode()

    def collected(self, data: bytes) -> list[bytes]:
        """Return what each process gives, by its number, in process 0; nothing in the others."""
        if self.size == 1:
            return [data]
        here = torch.frombuffer(bytearray(data), dtype=torch.uint8) if data else torch.empty(0, dtype=torch.uint8)
        lengths = [torch.zeros(1, dtype=torch.int64, device="cpu") for _ in range(self.size)]
        with exchanging():
            dist.all_gather(lengths, torch.tensor([len(data)], device="cpu"), group=self.links.host)
            if self.rank:
                dist.send(here, 0, group=self.links.host)
                return []
            found = [data]
            for rank, length in enumerate(lengths[1:], start=1):
                there = torch.empty(int(length), dtype=torch.uint8, device="cpu")
                dist.recv(there, rank, group=self.links.host)
                found.append(there.numpy().tobytes())
        return found


@contextmanager
def exchanging() -> Iterator[None]:
    """A block in which processes exchange tensors; raises ProcessEnded where another one is gone."""
    try:
        yield
    except RuntimeError as error:
        raise ProcessEnded(
            f"another process of this training has ended ({str(error).splitlines()[0][:200]})"
        ) from error


_shared = Ranks()  # one for all threads: backward passes on a GPU run in threads of their own
_drawing = False


def batch_ranks() -> Ranks:
    """Return who shares the batch that is being computed: of size 1 outside of a step on several processes."""
    return _shared


@contextmanager
def sharing_batch(ranks: Ranks) -> Iterator[None]:
    """A block in which each batch is shared by these processes, all of which must come through here."""
    global _shared
    before, _shared = _shared, ranks
    try:
        yield
    finally:
        _shared = before


def all_rows(values: Tensor) -> Tensor:
    """Return the rows of all processes in the order of the batch: `[n, ...]` to `[n W, ...]`.

    Differentiable any number of times: the gradient of a row is the sum of those that all processes have for it, so
    what every process computes from all rows counts once in the mean over processes.
    """
    return values if _shared.size == 1 else _Gather.apply(values, _shared)


def batch_mean(values: Tensor) -> Tensor:
    """Return the mean over the images of the whole batch: `[n, ...]` to `[...]`; differentiable as `all_rows` is."""
    if _shared.size == 1:
        return values.mean(dim=0)
    # Each process has equally many images, so the mean of their means is that of all, up to rounding.
    return all_rows(values.mean(dim=0, keepdim=True)).mean(dim=0)


def per_image(draw: Callable[[int], Tensor], count: int, dim: int = 0) -> Tensor:
    """Draw random numbers that belong to images: for the whole batch, of which this process takes its own.

    Args:
        draw: Takes a number of images and draws from torch's global streams, which all processes have alike.
        count: Images that this process asks for.
        dim: Dimension of the result that counts images.
    """
    with _of_batch():
        return _shared.own(draw(count * _shared.size), dim)


def per_batch(draw: Callable[[], Tensor]) -> Tensor:
    """Draw random numbers that all images of a batch have in common, such as one transform for all."""
    with _of_batch():
        return draw()


def is_drawing() -> bool:
    """Whether numbers are being drawn by `per_image` or `per_batch`."""
    return _drawing


@contextmanager
def _of_batch() -> Iterator[None]:
    global _drawing
    before, _drawing = _drawing, True
    try:
        yield
    finally:
        _drawing = before


class _Gather(torch.autograd.Function):
    """Rows of all processes; its gradient sums over processes, and the gradient of that gathers again."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, ranks: Ranks) -> Tensor:
        ctx.ranks = ranks
        found = values.new_empty(ranks.size, *values.shape)
        with exchanging():
            dist.all_gather(list(found), values.contiguous(), group=ranks.links.device)
        return found.transpose(0, 1).reshape(-1, *values.shape[1:])

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        return _OwnOfSum.apply(slope, ctx.ranks), None


class _OwnOfSum(torch.autograd.Function):
    """This process's rows of the sum over processes, added in the order of their numbers."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, ranks: Ranks) -> Tensor:
        ctx.ranks = ranks
        # Rows r, r + W, ... go to process r.
        sent = values.reshape(-1, ranks.size, *values.shape[1:]).transpose(0, 1).contiguous()
        return sum_of_parts(sent, ranks)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        return _Gather.apply(slope, ctx.ranks), None


def sum_of_parts(parts: Tensor, ranks: Ranks) -> Tensor:
    """Send part r of `[W, ...]` to process r, and return the sum of what all sent here, in the order of their numbers.

    The order is that of the numbers whatever the network between processes is, so that sums are repeatable.
    """
    received = torch.empty_like(parts)
    with exchanging():
        dist.all_to_all_single(received, parts, group=ranks.links.device)
    total = received[0]
    for part in received[1:]:
        total = total + part
    return total
