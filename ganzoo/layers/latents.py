"""Latents: normal ones truncated to a range (BigGAN's truncation trick)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def redrawn_within(latents: Tensor, threshold: float, rng: torch.Generator) -> Tensor:
    """Return latents `[N, Z]` of N(0, 1) whose numbers beyond a threshold were drawn again from what is within.

    Each number is distributed as if it had been drawn until it fell within; those that were within stay, so that the
    image of a seed changes with the threshold and does not become another one.

    Args:
        latents: Latents of N(0, 1), `[N, Z]`, on the CPU.
        threshold: Largest absolute value that is left, above 0.
        rng: A generator on the CPU: as many numbers are drawn as there are latents, wherever they fall.

    Paper: Brock et al., arXiv:1809.11096, section 3.1.
    """
    # By the inverse of the distribution, in double precision: drawing until all fall within takes a time without
    # bound, and at a threshold of 0.04, of the paper's figure 2, one of thirty does.
    share = math.erf(threshold / math.sqrt(2))
    uniform = torch.rand(latents.shape, generator=rng, dtype=torch.float64) * 2 - 1
    drawn = (torch.erfinv(uniform * share) * math.sqrt(2)).clamp(-threshold, threshold).to(latents)
    return torch.where(latents.abs() > threshold, drawn, latents)
