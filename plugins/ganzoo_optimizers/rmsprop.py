"""RMSprop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import nn

from ganzoo import Optimizer, OptimizerOptions, Scheduled
from ganzoo_optimizers.adam import Decay


class RMSpropOptions(OptimizerOptions):
    """Decay of the moment."""

    # 0.99 and 1e-8 are torch's; the lecture has 0.9.
    decay: Scheduled[Decay] = Field(default=0.99, description="Decay of the mean squared gradient.")
    momentum: Decay = Field(default=0.0, description="Share of the last step that is taken again.")
    epsilon: PositiveFloat = Field(default=1e-8, description="Added to the root of the mean squared gradient.")
    weight_decay: Scheduled[NonNegativeFloat] = Field(default=0.0, description="L2 penalty on all weights.")


class RMSprop(Optimizer[RMSpropOptions]):
    """Divides the gradient by the root of its running mean square; that of the first Wasserstein GAN.

    Paper: Tieleman and Hinton, Neural Networks for Machine Learning (Coursera, 2012), lecture 6.5;
        used by Arjovsky et al., arXiv:1701.07875, algorithm 1.
    """

    name = "rmsprop"

    Options = RMSpropOptions

    def build(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.RMSprop(parameters)

    def group(self, options: RMSpropOptions, share: float) -> Mapping[str, Any]:
        return {
            "lr": options.learning_rate * share,
            "alpha": options.decay**share,
            "momentum": options.momentum**share,
            "eps": options.epsilon,
            "weight_decay": options.weight_decay,
        }
