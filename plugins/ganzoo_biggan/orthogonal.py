"""Orthogonal regularization: filters of the generator are to be orthogonal, whatever their lengths."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Regularizer, RegularizerOptions, Role, Scheduled, Step


class OrthogonalOptions(RegularizerOptions):
    """Strength, and what is left out."""

    weight: Scheduled[NonNegativeFloat] = Field(default=1e-4, description="Weight (beta).")
    leave_out: tuple[str, ...] = Field(
        default=("embedding",),
        description="Weights whose names contain one of these words are left out; embeddings have no filters.",
    )


class Orthogonal(Regularizer[OrthogonalOptions]):
    """Squared products of different filters of each of the generator's weights; their lengths are free.

    weight * sum over W of |W^T W * (1 - I)|_F^2, W with a filter in each column. With it more generators bear truncated
    latents. All weights of two axes or more take part, before spectral normalization where they have it.

    Paper: Brock et al., arXiv:1809.11096, equation 3.
    """

    name = "orthogonal"
    applies_to: ClassVar[Role] = Role.GENERATOR

    Options = OrthogonalOptions

    def penalty(self, step: Step) -> Tensor:
        total = torch.zeros((), device=step.real.device)
        for name, weight in step.generator.named_parameters():
            if weight.dim() > 1 and not any(word in name for word in self.options.leave_out):
                filters = weight.flatten(1)
                products = filters @ filters.T
                total = total + (products.square().sum() - products.diagonal().square().sum())
        return self.options.weight * total
