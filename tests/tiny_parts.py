"""A plugin of the smallest parts, and of parts that fail on purpose; installed by `training_world.installed`."""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from ganzoo import hookimpl
from ganzoo.contracts import Regularizer, Side
from ganzoo.testing import parts


class Failing(parts.TinyLoss):
    """The logistic loss, until the discriminator's loss is asked for the n-th time in a process."""

    name = "failing"

    class Options(parts.TinyLoss.Options):
        """When and how."""

        call: PositiveInt = Field(default=3, description="Fails at this call.")
        how: str = Field(default="nan", description="nan, inf, weights, crash or memory.")

    def __init__(self, options):
        super().__init__(options)
        self.calls = 0

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        self.calls += 1
        loss = super().discriminator_loss(real, fake)
        if self.calls != self.options.call:
            return loss
        match self.options.how:
            case "nan" | "inf":
                return loss * float(self.options.how)
            case "weights":  # the value is finite, its gradient is not
                return loss + (real - real.detach()).abs().sqrt().sum()
            case "memory":
                raise torch.OutOfMemoryError("tried to allocate 7 TiB")
        raise ValueError("the moon is [bold]full[/bold]")


class Counting(Regularizer):
    """A lazy penalty with a buffer: pulls the critic's answer to noise towards zero, and counts its calls."""

    name = "counting"
    side = Side.DISCRIMINATOR

    def __init__(self, options):
        super().__init__(options)
        self.register_buffer("calls", torch.zeros(()))

    def penalty(self, step):
        self.calls += 1
        noise = step.uniform(*step.real.shape) * 2 - 1
        return step.critic(noise, step.labels).square().mean() * (1 + self.calls / 10)


@hookimpl
def ganzoo_generators():
    return [parts.TinyGenerator, parts.TinyGrowableGenerator]


@hookimpl
def ganzoo_discriminators():
    return [parts.TinyDiscriminator, parts.TinyGrowableDiscriminator]


@hookimpl
def ganzoo_losses():
    return [parts.TinyLoss, Failing]


@hookimpl
def ganzoo_regularizers():
    return [Counting]


@hookimpl
def ganzoo_datasets():
    return [parts.TinyDataset]
