"""AdamW."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from pydantic import Field, NonNegativeFloat
from torch import nn

from ganzoo import Optimizer, Scheduled
from ganzoo_optimizers.adam import AdamOptions


class AdamWOptions(AdamOptions):
    """Decays of the moments and of the weights."""

    # 0.01 is torch's; the paper tunes it for each task (section 4).
    weight_decay: Scheduled[NonNegativeFloat] = Field(
        default=0.01, description="Share of each weight, times the learning rate, that every step takes away."
    )


class AdamW(Optimizer[AdamWOptions]):
    """Adam whose weight decay does not pass through the moments: each weight shrinks by the same share.

    Paper: Loshchilov and Hutter, arXiv:1711.05101, algorithm 2.
    """

    name = "adamw"

    Options = AdamWOptions

    def build(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        # The fused kernel has no form without memory, where only sizes are counted.
        return torch.optim.AdamW(parameters, fused=not any(parameter.is_meta for parameter in parameters))

    def group(self, options: AdamWOptions, share: float) -> Mapping[str, Any]:
        beta1, beta2 = options.betas
        return {
            "lr": options.learning_rate * share,  # the decay is multiplied by it, so by the share too
            "betas": (beta1**share, beta2**share),
            "eps": options.epsilon,
            "weight_decay": options.weight_decay,
        }
