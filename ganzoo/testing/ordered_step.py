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
        return super().latents(BATCH)[numbers] if numbers else super().latents(count)

    def uniform(self, *shape: int) -> Tensor:
        """See `LinearStep.uniform`."""
        if shape and shape[0] == 1 < len(self.rows):
            self.shared.setdefault(Call(f"step.uniform({', '.join(map(str, shape))})", caller()))
        numbers = self._numbers(shape[0]) if shape else []
        return super().uniform(BATCH, *shape[1:])[numbers] if numbers else super().uniform(*shape)

    def _numbers(self, count: int) -> list[int]:
        """Return which of the numbers that are drawn the first `count` rows have; none for what is no batch."""
        held = self.rows[:count]
        return held if len(held) == count else []
