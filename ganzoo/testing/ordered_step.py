"""Ordered steps: batches whose random numbers belong to their rows, which can be turned, repeated or left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ganzoo.testing.calls import Call, caller
from ganzoo.testing.settings import BATCH
from ganzoo.testing.step import LinearStep


class OrderedStep(LinearStep):
    """A step whose numbers for rows are those of its rows, in whatever batch a row stands.

    Attributes:
        rows: The number of each row, from 0 to `BATCH` - 1; a number that comes twice is the same image.
        shared: What was drawn once for a batch of several images, and where.
    """

    def __init__(self, *args: Any, rows: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = list(rows)
        self.shared: dict[Call, None] = {}

    def latents(self, count: int) -> Tensor:
        """See `LinearStep.latents`."""
        numbers = self._numbers(count)
        return super().latents(_enough(numbers))[numbers] if numbers else super().latents(count)

    def uniform(self, *shape: int) -> Tensor:
        """See `LinearStep.uniform`."""
        if shape and shape[0] == 1 < len(self.rows):
            self.shared.setdefault(Call(f"step.uniform({', '.join(map(str, shape))})", caller()))
        numbers = self._numbers(shape[0]) if shape else []
        return super().uniform(_enough(numbers), *shape[1:])[numbers] if numbers else super().uniform(*shape)

    def _numbers(self, count: int) -> list[int]:
        """Return which of the numbers that are drawn the first `count` rows have; none for what is no batch.

        Batches behind one another, as reals and generated images in one forward, have numbers of their own each.
        """
        times = max(1, count // len(self.rows))
        held = [row + BATCH * each for each in range(times) for row in self.rows][:count]
        return held if len(held) == count else []


def _enough(numbers: Sequence[int]) -> int:
    """Return how many numbers are drawn for whole batches, so that each of `numbers` is among them."""
    return BATCH * (1 + max(numbers) // BATCH)
