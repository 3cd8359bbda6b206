"""Finite differences of a critic: how much its logits change when its images move a little."""

from __future__ import annotations

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import RegularizerOptions, Scheduled, Step
from ganzoo.layers import per_image


class FiniteDifferenceOptions(RegularizerOptions):
    """Strength, distance and rhythm."""

    # lambda = 100 at sigma = 0.01 for images (arXiv:2501.08316): gamma / 2 = lambda sigma^2.
    gamma: Scheduled[NonNegativeFloat] = Field(
        default=0.02, description="Weight as that of r1: gamma / (2 sigma^2) is the paper's lambda."
    )
    # 0.01 for images, 0.1 for videos (the same).
    sigma: float = Field(default=0.01, gt=0.0, description="Standard deviation of the noise that moves the images.")


def squared_differences(step: Step, shown: Tensor, logits: Tensor, sigma: float) -> Tensor:
    """Return `((D(x) - D(x + sigma e)) / sigma)^2` of each image, `[N]`, with e ~ N(0, 1).

    Args:
        step: The step, whose critic is asked once more.
        shown: Images as the critic saw them, `[N, C, r, r]`.
        logits: Their logits, `[N]` or `[N, K]`, of which the sum over K counts, as for r1.
        sigma: How far the images move: at those that were lifted, where penalties are taken at such.
    """
    # Where each pixel of `shown` is a mean over f x f lifted ones, noise of these averages to sigma / f.
    factor = step.lift(step.real).shape[-1] // shown.shape[-1]
    noise = per_image(lambda count: torch.randn(count, *shown.shape[1:], device=shown.device), len(shown))
    moved = step.critic(shown + noise.to(shown) * (sigma / factor), step.labels, augment=False)
    return ((moved - logits) / sigma).reshape(len(shown), -1).sum(dim=1).square()
