"""Adam."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import nn

from ganzoo import Optimizer, OptimizerOptions, Scheduled

Decay = Annotated[float, Field(ge=0, lt=1)]


class AdamOptions(OptimizerOptions):
    """Decays of the moments."""

    betas: tuple[Scheduled[Decay], Scheduled[Decay]] = Field(
        default=(0.5, 0.999), description="Decay of the two moments."
    )
    epsilon: PositiveFloat = Field(default=1e-8, description="Added to the root of the second moment.")
    weight_decay: Scheduled[NonNegativeFloat] = Field(
        default=0.0, description="L2 penalty on all weights, inside Adam."
    )


class Adam(Optimizer[AdamOptions]):
    """Steps by the first moment of the gradient over the root of the second, both corrected for their start at zero.

    The defaults are those of DCGAN (arXiv:1511.06434, section 4), but for the second decay, Adam's own.

    Paper: Kingma and Ba, arXiv:1412.6980, algorithm 1.
    """

    name = "adam"
    default_place = 1

    Options = AdamOptions

    def build(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        # The fused kernel has no form without memory, where only sizes are counted.
        return torch.optim.Adam(parameters, fused=not any(parameter.is_meta for parameter in parameters))

    def group(self, options: AdamOptions, share: float) -> Mapping[str, Any]:
        beta1, beta2 = options.betas
        return {
            "lr": options.learning_rate * share,
            "betas": (beta1**share, beta2**share),
            "eps": options.epsilon,
            "weight_decay": options.weight_decay,
        }
