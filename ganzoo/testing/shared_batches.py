"""Shared batches: what a part makes of a batch that two processes share, played by two threads that exchange rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from ganzoo.layers import ranks
from ganzoo.testing.calls import draws
from ganzoo.testing.failure import ConformanceError, NotAsked, require

SIZE = 2
_PATIENCE_S = 30.0  # for the other thread, which may have failed, or asks for no rows
_ADVICE = (
    "take means over the batch by ganzoo.layers.batch_mean, compare with the rows of ganzoo.layers.all_rows, normalize "
    "by its BatchNorm2d and MinibatchStd; or do not say reduces_over_ranks"
)


def says_so(case: Any) -> bool:
    """Whether a part says that it sees the whole batch where several processes share it."""
    return bool(case.cls.reduces_over_ranks and case.cls.depends_on_batch(case.options))


def check_value(whole: Callable[[], Tensor], part: Callable[[int], Tensor], what: str) -> None:
    """Require that a scalar of a batch is the mean of what two processes make of it.

    Args:
        whole: Computes it of the whole batch, in one process.
        part: Computes it in process 0 or 1, which has every second image.
        what: What it is: "discriminator_loss".
    """
    _require_drawless(whole)
    expected = whole().detach()
    found = torch.stack([each.detach() for each in in_two(part)]).mean()
    require(
        torch.allclose(expected, found, rtol=1e-3, atol=1e-6),
        f"says reduces_over_ranks, but {what} is {expected.item():.6g} of a batch, and {found.item():.6g} where two "
        f"processes have half of it each: {_ADVICE}",
    )


def check_rows(whole: Callable[[], Tensor], part: Callable[[int], Tensor], what: str) -> None:
    """Require the same of results that have a row for each image."""
    _require_drawless(whole)
    expected = whole().detach()
    for rank, found in enumerate(in_two(part)):
        require(
            torch.allclose(expected[rank::SIZE], found.detach(), rtol=1e-3, atol=1e-4),
            f"says reduces_over_ranks, but gives other results in {what} where two processes have half of a batch "
            f"each: {_ADVICE}",
        )


def _require_drawless(whole: Callable[[], Tensor]) -> None:
    """Numbers of a generator of its own, as those of a step, are the same in each thread."""
    drawn = [each for each in draws(whole).split(" and ") if each and "torch.Generator" not in each]
    if drawn:
        raise NotAsked(f"it draws with {' and '.join(drawn)}, which two threads cannot do alike")


def in_two(part: Callable[[int], Tensor]) -> Sequence[Tensor]:
    """Return what two threads give that share each batch as processes do. Raises what they raise."""
    found: dict[int, Tensor] = {}
    failed: list[Exception] = []
    exchange = _Exchange()

    def play(rank: int) -> None:
        exchange.place.rank = rank
        try:
            found[rank] = part(rank)
        except Exception as error:
            failed.append(error)
            exchange.barrier.abort()

    with _exchanging(exchange):
        threads = [threading.Thread(target=play, args=(rank,)) for rank in range(SIZE)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    if failed:
        error = next((each for each in failed if not isinstance(each, threading.BrokenBarrierError)), failed[0])
        raise ConformanceError(
            f"fails where two processes share a batch: {type(error).__name__}: {error}"
            if not isinstance(error, threading.BrokenBarrierError)
            else "asks for the rows of all processes in one of them alone: they would wait for each other forever"
        ) from error
    return [found[rank] for rank in range(SIZE)]


class _Exchange:
    """Stands for what carries rows between processes, and for which of them this is."""

    size = SIZE
    own = ranks.Ranks.own

    def __init__(self) -> None:
        self.place = threading.local()
        self.barrier = threading.Barrier(SIZE, timeout=_PATIENCE_S)
        self._given: dict[int, Tensor] = {}

    @property
    def rank(self) -> int:
        """The number of the thread that asks."""
        return int(self.place.rank)

    def apply(self, values: Tensor, _: object) -> Tensor:
        """Return the rows of both in the order of the batch; those of the other one without graph."""
        self._given[self.rank] = values
        self.barrier.wait()
        both = [self._given[each] if each == self.rank else self._given[each].detach() for each in range(SIZE)]
        self.barrier.wait()
        return torch.stack(both, dim=1).flatten(0, 1)


@contextmanager
def _exchanging(exchange: Any) -> Iterator[None]:
    gather: Any = ranks._Gather
    ranks._Gather = exchange  # type: ignore[misc]
    try:
        with ranks.sharing_batch(exchange):
            yield
    finally:
        ranks._Gather = gather  # type: ignore[misc]
