"""Search schedule: steps and learning rates of a projection. Knows no torch, since the figure's options are made of it.

Paper: StyleGAN2, arXiv:1912.04958, appendix D, whose numbers are the defaults.
"""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Schedule(BaseModel):
    """How the search goes; the defaults are the paper's."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    space: Literal["w", "w+"] = Field(default="w", description="w: one style for all layers; w+: one per layer.")
    steps: int = Field(default=1000, ge=1, le=100_000, description="Steps of Adam.")
    learning_rate: float = Field(default=0.1, ge=1e-6, le=10, description="Largest learning rate.")
    ramp_up: float = Field(
        default=0.05, ge=0, le=1, description="Share of the steps in which the learning rate rises from 0."
    )
    ramp_down: float = Field(
        default=0.25, ge=0, le=1, description="Share of the steps in which the learning rate falls to 0."
    )
    shaking: float = Field(default=0.05, ge=0, description="Initial noise on the styles, in standard deviations of w.")
    shaken: float = Field(default=0.75, ge=0, le=1, description="Share of the steps in which styles get noise.")
    whiteness: float | None = Field(
        default=None,
        ge=0,
        description="Weight of the penalty that keeps noise maps white. [default: 1e5, the paper's, for perceptual "
        "distances, and 1 for pixels, whose slopes are as much smaller]",
    )
    samples: int = Field(
        default=10_000, ge=2, le=1_000_000, description="Number of styles for their mean and deviation."
    )

    def rate(self, step: int) -> float:
        """Return the learning rate at a step: a linear rise, a level, and a cosine down to 0."""
        done = step / self.steps
        down = min(1.0, (1.0 - done) / self.ramp_down) if self.ramp_down else 1.0
        up = min(1.0, done / self.ramp_up) if self.ramp_up else 1.0
        return self.learning_rate * (0.5 - 0.5 * math.cos(math.pi * down)) * up

    def shake(self, step: int) -> float:
        """Return how much styles are shaken at a step, in deviations of w: falls to 0 with the square of time."""
        if not self.shaken:
            return 0.0
        return self.shaking * max(0.0, 1.0 - step / self.steps / self.shaken) ** 2
