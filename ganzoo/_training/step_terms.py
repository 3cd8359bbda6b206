"""Step terms: what a step measured, read from the device once somebody looks, or some steps later."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from ganzoo.errors import RunError
from ganzoo.layers.transfer import HostCopy

Losses = Mapping[str, float]


class Diverged(RunError):
    """A loss or a weight is no longer finite."""


class StepTerms(Mapping[str, float]):
    """The terms of one step by name. To look at one waits until the device has finished the step.

    They are on their way as soon as they are computed, so that later they can be read without a pause.

    Args:
        terms: Scalars on the device.
        steps: Number of the step.
        images_seen: Images shown by its end.
        settle: Reads this step's terms, and first those of all steps before it.
    """

    def __init__(
        self, terms: Mapping[str, Tensor], steps: int, images_seen: int, settle: Callable[[StepTerms], None]
    ) -> None:
        self.steps, self.images_seen = steps, images_seen
        self._names, self._settle = tuple(terms), settle
        self._found: Losses | None = None
        self._copy = HostCopy(torch.stack([term.float() for term in terms.values()]))  # one transfer for all terms

    @property
    def arrived(self) -> bool:
        """Whether they have been read, so that looking at them waits for nothing."""
        return self._found is not None

    def read(self) -> None:
        """Read them. Raises Diverged where one is not finite; it is named with the point of training."""
        self._found = dict(zip(self._names, self._copy.wait().tolist(), strict=True))
        for name, value in self._found.items():
            if not math.isfinite(value):
                raise Diverged(
                    f"{name} became {value} at step {self.steps} ({self.images_seen:,} images seen); "
                    f"lower the learning rates, or add a penalty such as r1"
                )

    def __getitem__(self, name: str) -> float:
        if self._found is None:
            self._settle(self)
        assert self._found is not None
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def arrivals(queue: deque[Losses], *, wait: bool = False) -> Iterator[Losses]:
    """Take the terms of steps from the front of a queue as far as they can be looked at without a pause, or all."""
    while queue and (wait or not isinstance(queue[0], StepTerms) or queue[0].arrived):
        yield queue.popleft()
