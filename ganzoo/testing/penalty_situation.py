"""Penalty situations: how far the training is and how steep the networks are, so that a penalty is not at rest.

A penalty may be 0, and rightly so, where slopes are below a bound, within a band, or until many images were seen.
"""

from __future__ import annotations

from dataclasses import dataclass

_LATE = 100_000_000  # images: all that begins later in a training has begun


@dataclass(frozen=True)
class Situation:
    """Where a penalty is asked.

    Attributes:
        scale: What the weights of tiny networks are multiplied with: a slope is below 1 at one, and above at another.
        images_seen: How many reals came before.
    """

    scale: float = 1.0
    images_seen: int = 0


# The plainest first; what is faded in or out over a training is on its way, or at work, at one of the last.
SITUATIONS = (
    *(Situation(scale) for scale in (1.0, 8.0, 0.125)),
    *(Situation(scale, _LATE) for scale in (1.0, 8.0, 0.125, 64.0)),
    *(Situation(1.0, images_seen) for images_seen in (1_000, 30_000, 1_000_000)),
)
