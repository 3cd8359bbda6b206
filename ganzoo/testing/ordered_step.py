"""Ordered steps: batches whose random numbers belong to their rows, so that rows can be turned or repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ganzoo.testing.step import LinearStep


class OrderedStep(LinearStep):
    """A step whose numbers for rows come in the order of its rows.

    Attributes:
        rows: The number of each row, from 0; a number that comes twice is the same image.
    """

    def __init__(self, *args: Any, rows: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = list(rows)

    def latents(self, count: int) -> Tensor:
        """See `LinearStep.latents`."""
        numbers = self._numbers(count)
        return super().latents(len(set(numbers)))[numbers] if numbers else super().latents(count)

    def uniform(self, *shape: int) -> Tensor:
        """See `LinearStep.uniform`."""
        numbers = self._numbers(shape[0]) if shape else []
        return super().uniform(len(set(numbers)), *shape[1:])[numbers] if numbers else super().uniform(*shape)

    def _numbers(self, count: int) -> list[int]:
        """Return which of the numbers that are drawn each of the first `count` rows has; none for what is no batch."""
        held = self.rows[:count]
        places = {row: place for place, row in enumerate(sorted(set(held)))}
        return [places[row] for row in held] if len(held) == count else []
