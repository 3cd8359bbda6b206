"""Random draws for a batch of transforms, each applied to an image with some probability."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganzoo.layers import per_image


@dataclass(frozen=True)
class Draws:
    """Draws for a batch, where 0 means that an image is left as it is.

    They come from torch's global stream of the CPU, so that they are the same on every device, and a GPU is never
    waited for.

    Attributes:
        count: Images in the batch.
        p: Probability of each transform.
    """

    count: int
    p: float

    def uniform(self, size: int = 1, *, p: float | None = None) -> Tensor:
        """Draw `[N, size]` from U(-1, 1), or 0. `p` overrides the probability."""
        return self._gated(per_image(lambda n: torch.rand(n, size, dtype=torch.float64), self.count) * 2 - 1, p)

    def normal(self, size: int = 1) -> Tensor:
        """Draw `[N, size]` from N(0, 1), or 0."""
        return self._gated(per_image(lambda n: torch.randn(n, size, dtype=torch.float64), self.count))

    def integer(self, choices: int) -> Tensor:
        """Draw `[N, 1]` from 0 to `choices - 1`, or 0."""
        return self._gated(per_image(lambda n: torch.randint(choices, (n, 1)), self.count).double())

    def _gated(self, values: Tensor, p: float | None = None) -> Tensor:
        # Drawn for all images, also those left alone: the stream does not depend on p.
        chosen = per_image(lambda n: torch.rand(n, 1), self.count) < (self.p if p is None else p)
        return torch.where(chosen, values, torch.zeros_like(values))
