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
        return super().latents(len(set(self.rows)))[self.rows] if count == len(self.rows) else super().latents(count)

    def uniform(self, *shape: int) -> Tensor:
        """See `LinearStep.uniform`."""
        if shape[:1] != (len(self.rows),):
            return super().uniform(*shape)
        return super().uniform(len(set(self.rows)), *shape[1:])[self.rows]
