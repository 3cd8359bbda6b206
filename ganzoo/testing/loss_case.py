"""Loss case: an adversarial loss under test, and the logits that it is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from ganzoo.contracts.objectives import AdversarialLoss
from ganzoo.testing.failure import doing
from ganzoo.testing.properties import Case
from ganzoo.testing.seeding import seeded
from ganzoo.testing.worlds import World, world_of

Objective = Callable[[Tensor, Tensor], Tensor]
HEADS = 3


class LossCase(Case):
    """An adversarial loss under test."""

    kind: ClassVar[str] = "loss"
    base: ClassVar[type] = AdversarialLoss
    draw_from: ClassVar[str] = "a loss is pure: logits in, a scalar out"

    def loss(self) -> AdversarialLoss:
        """Return a fresh loss."""
        with doing("building it (its __init__ calls super().__init__(options))"), seeded():
            loss: AdversarialLoss = self.cls(self.begun)
            loss.prepare(self.world.images, self.world.critic(self.world.critic.Options(), self.world.images))
            loss.to("cpu")
        return self.moved(loss)

    @cached_property
    def world(self) -> World:
        """The images and the critic, whose logits it takes: with classes, or several logits, if it refuses others."""
        return world_of(self.cls, self.options)

    @cached_property
    def heads(self) -> tuple[int, ...]:
        """Counts of logits per image to test with; 0 for one that has no axis of its own."""
        if not self.cls.takes_many_logits:
            return (0,)
        return (0, HEADS) if self.world.logits == 1 else (self.world.logits,)

    def shape(self, count: int) -> tuple[int, ...]:
        """Return the shape of the plainest logits of so many images that it takes."""
        return (count, self.heads[0]) if self.heads[0] else (count,)


def of_discriminator(loss: AdversarialLoss) -> Objective:
    """Return what the discriminator descends, of the logits of reals and of fakes."""
    return loss.discriminator_loss


def of_generator(loss: AdversarialLoss) -> Objective:
    """Return what the generator descends, of the same."""
    return lambda real, fake: loss.generator_loss(fake, lambda: real)


PLAYERS = {"discriminator_loss": of_discriminator, "generator_loss": of_generator}


def logits_around(mean: float, heads: int = 0, count: int = 8, spread: float = 0.3) -> Tensor:
    """Return logits `[8]`, or of several heads `[8, heads]`."""
    rng = torch.Generator().manual_seed(int(abs(mean) * 100) + count)
    shape = (count, heads) if heads else (count,)
    return (mean + spread * torch.randn(*shape, generator=rng)).requires_grad_()


def uneven_logits(heads: int) -> Tensor:
    """Return logits of which two are on another side of 0 than six, and the last lies apart from all."""
    logits = torch.tensor([0.3, -0.4, 0.5, 0.9, -1.1, 0.7, 1.2, 2.5])
    return logits[:, None] + torch.linspace(0, 0.2, heads) if heads else logits
