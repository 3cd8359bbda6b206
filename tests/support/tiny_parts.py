"""A plugin of the smallest parts, and of parts that fail on purpose; installed by `training_world.installed`."""

from __future__ import annotations

from typing import ClassVar

import tiny_objectives as objectives
import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from ganzoo import ComponentOptions, RunCallback, hookimpl
from ganzoo.contracts.augmentations import Augmentation
from ganzoo.contracts.objectives import Regularizer, Role
from ganzoo.layers.ranks import batch_ranks
from ganzoo.testing import TinyFeaturedDiscriminator, TinyPatchDiscriminator, parts


class Failing(parts.TinyLoss):
    """The logistic loss, until the discriminator's loss is asked for the n-th time in a process."""

    name = "failing"

    class Options(parts.TinyLoss.Options):
        """When and how."""

        call: PositiveInt = Field(default=3, description="Fails at this call.")
        how: str = Field(default="nan", description="nan, inf, weights, crash or memory.")
        fits: int = Field(default=0, description="Images that memory suffices for.")
        rank: int | None = Field(default=None, description="The only one of several processes that fails.")

    def __init__(self, options):
        super().__init__(options)
        self.calls = 0

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        self.calls += 1
        loss = super().discriminator_loss(real, fake)
        if self.calls != self.options.call or len(real) <= self.options.fits:
            return loss
        if self.options.rank not in (None, batch_ranks().rank):
            return loss
        match self.options.how:
            case "nan" | "inf":
                return loss * float(self.options.how)
            case "weights":  # the value is finite, its gradient is not
                return loss + (real - real.detach()).abs().sqrt().sum()
            case "memory":
                raise torch.OutOfMemoryError("tried to allocate 7 TiB")
        raise ValueError("the moon is [bold]full[/bold]")


class Peeking(parts.TinyGenerator):
    """Looks at its own weights in each forward."""

    name = "peeking"

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        assert self.dense.weight.abs().max().item() < 100
        return super().forward(latents, labels)


class Looking(parts.TinyLoss):
    """The logistic loss, with a look at its own value: nothing that has no memory can run it."""

    name = "looking"

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        loss = super().discriminator_loss(real, fake)
        return loss if loss.item() < 1e9 else loss * 0


class Counting(Regularizer):
    """A lazy penalty with a buffer: pulls the critic's answer to noise towards zero, and counts its calls."""

    name = "counting"
    applies_to = Role.DISCRIMINATOR

    class Options(Regularizer.Options):
        """Whether it says that it couples a batch."""

        couples: bool = Field(default=False, description="Claim to couple the images of a batch.")

    @classmethod
    def depends_on_batch(cls, options):
        return options.couples

    def __init__(self, options):
        super().__init__(options)
        self.register_buffer("calls", torch.zeros(()))

    def penalty(self, step):
        self.calls += 1
        noise = step.uniform(*step.real.shape) * 2 - 1
        return step.critic(noise, step.labels).square().mean() * (1 + self.calls / 10)


class Doubling(Augmentation):
    """Makes images twice as strong, and more so with every step whose reals it observes."""

    name = "doubling"

    class Options(Augmentation.Options):
        """Whether it says that it couples a batch."""

        couples: bool = Field(default=False, description="Claim to couple the images of a batch.")

    def __init__(self, options, images):
        super().__init__(options, images)
        self.register_buffer("observed", torch.zeros(()))
        self.register_buffer("strength", torch.tensor(2.0))

    @classmethod
    def depends_on_batch(cls, options):
        return options.couples

    def forward(self, images):
        return images * self.strength

    def observe(self, real_logits):
        self.observed += len(real_logits)
        self.strength += real_logits.sigmoid().mean() / 8

    def report(self):
        return {"strength": self.strength, "observed": self.observed}


class Noting(RunCallback):
    """Notes what it is told."""

    name = "noting"
    told: ClassVar[list] = []

    class Options(ComponentOptions):
        """A word."""

        label: str = Field(default="", description="Any word.")

    def on_begin(self, run):
        self.told.append(("begin", run))

    def on_values(self, images_seen, values):
        self.told.append(("values", images_seen, values))

    def on_samples(self, images_seen, grid):
        self.told.append(("samples", images_seen, grid))

    def on_scores(self, images_seen, scores):
        self.told.append(("scores", images_seen, scores))

    def on_end(self, status):
        self.told.append(("end", status))


class Breaking(RunCallback):
    """Fails at the first values."""

    name = "breaking"

    def on_values(self, images_seen, values):
        raise OSError("the disk of the logger is full")


class Absent(Noting):
    """Needs what is not there."""

    name = "absent"

    @classmethod
    def unavailable(cls):
        return "needs the package nowhere: pip install nowhere"


@hookimpl
def ganzoo_callbacks():
    return [Noting, Breaking, Absent]


@hookimpl
def ganzoo_generators():
    return [parts.TinyGenerator, parts.TinyGrowableGenerator, parts.TinyStyledGenerator, Peeking]


@hookimpl
def ganzoo_discriminators():
    critics = [parts.TinyDiscriminator, parts.TinyGrowableDiscriminator, objectives.Classifying]
    return [*critics, TinyFeaturedDiscriminator, TinyPatchDiscriminator]


@hookimpl
def ganzoo_losses():
    return [parts.TinyLoss, Failing, Looking, objectives.Auxiliary, objectives.Tempered]


@hookimpl
def ganzoo_regularizers():
    return [Counting, objectives.RealClasses, objectives.FakeClasses, objectives.Probe]


@hookimpl
def ganzoo_augmentations():
    return [Doubling]


@hookimpl
def ganzoo_datasets():
    return [parts.TinyDataset]
