"""Stop request: a signal that was heard; it takes effect at the end of a step at which all processes know of it."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from ganzoo.layers.ranks import Ranks


@dataclass
class StopRequest:
    """Whether a training is to stop.

    Attributes:
        heard: Name of the signal that this process has had.
    """

    heard: str | None = None
    _agreed: str | None = None

    def agree(self, ranks: Ranks, seconds: float) -> float:
        """Agree at the end of a step on what any process has heard; return the seconds of the slowest."""
        if ranks.size == 1:
            return seconds
        # A signal that comes after this counts at the end of the next step, for all of them.
        slowest, number = ranks.highest([seconds, signal.Signals[self.heard] if self.heard else 0])
        self._agreed = signal.Signals(int(number)).name if number else None
        return slowest

    def requested(self, ranks: Ranks) -> str | None:
        """Return the name of the signal after which all stop now, or None."""
        return self.heard if ranks.size == 1 else self._agreed
