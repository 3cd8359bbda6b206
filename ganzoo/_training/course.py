"""Course of a training: when who plays, and how long."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ganzoo.contracts.phase import Phase


@dataclass(frozen=True)
class Course:
    """When who plays, and how long.

    Attributes:
        phases: The phases, in order.
        discriminator_steps: The generator plays on every n-th step.
        generator_first: Whether the generator moves first within a step (StyleGAN2) or last.
        shares_fakes: Whether the generator's step shows the fakes of the discriminator's, which comes first then.
        micro_batch: Size of the parts a batch is split into, or 0 for whole batches.
        most_seconds: The training ends after so many, at the end of a step.
    """

    phases: tuple[Phase, ...]
    discriminator_steps: int = 1
    generator_first: bool = False
    shares_fakes: bool = False
    micro_batch: int = 0
    most_seconds: float = math.inf
