"""Reals: batches of real images read by position, as the networks of a phase are shown them."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from ganzoo._training.game import RealBatch
from ganzoo._training.growth import fade
from ganzoo.contracts.phase import Phase
from ganzoo.layers.ranks import Ranks
from ganzoo.layers.transfer import to_device


class RealStream(Protocol):
    """An endless stream of reals, read by position."""

    def at(self, position: int, count: int, resolution: int) -> tuple[Tensor, Tensor]:
        """Return images `[count, C, r, r]` from a position on, floats in [-1, 1] or bytes, and labels `[count, L]`."""


class Reals:
    """Two streams of the same reals; the second is read only by losses that want others in G's step.

    Of several processes, each has streams of its own images: every W-th of those that one process would read.
    """

    def __init__(self, stream: RealStream, fresh: RealStream, device: torch.device, ranks: Ranks | None = None) -> None:
        self.stream, self.fresh, self._device, self._ranks = stream, fresh, device, ranks or Ranks()

    def batch(self, phase: Phase, position: int, alpha: float) -> RealBatch:
        """Return the batch at a position, faded like the newest block."""

        # Read by position, so that a step sees the same reals however the run got here.
        def read(stream: RealStream) -> tuple[Tensor, Tensor]:
            own = position // self._ranks.size, phase.batch_size // self._ranks.size
            images, labels = stream.at(*own, phase.resolution)
            # Channels last is the order that convolutions are quick in. Copied first: only what lies on both sides
            # alike goes over without a pause.
            shown = to_device(images, self._device).to(torch.get_default_dtype(), memory_format=torch.channels_last)
            if images.dtype == torch.uint8:
                shown.div_(127.5).sub_(1.0)
            return fade(shown, alpha), to_device(labels, self._device).to(shown.dtype)

        images, labels = read(self.stream)
        return RealBatch(images, labels, position, lambda: read(self.fresh), ranks=self._ranks)
