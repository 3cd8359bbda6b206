"""Game: what the steps of a training have in common, and the reals of one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ganzoo._training.arithmetic import Arithmetic
from ganzoo.contracts.augmentations import Augmentation
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.layers.ranks import Ranks


@dataclass(frozen=True)
class Game:
    """What does not change from step to step.

    Attributes:
        generator: The generator in training.
        discriminator: The discriminator in training.
        device: Where both are.
        seed: The recipe's seed.
        lift_to: Resolution at which penalties take gradients (`penalty_space = "final"`), or None.
        arithmetic: The types that networks and penalties compute in.
        augmentation: What all images pass on their way to the discriminator, or None.
    """

    generator: Generator
    discriminator: Discriminator
    device: torch.device
    seed: int
    lift_to: int | None = None
    arithmetic: Arithmetic = field(default_factory=Arithmetic)
    augmentation: Augmentation | None = None


@dataclass(frozen=True)
class RealBatch:
    """Reals of one step, at the phase's resolution and faded like the newest block.

    `fresh` draws another batch of the same labels, for losses whose paper asks for one. `judged` collects the logits
    that the discriminator's loss saw, a tensor per micro-batch, for augmentations that adapt to them. `shared_fakes`
    holds the fakes of the discriminator's step with their graph and their latents, by first row, where the generator's
    shows them again.
    Of several processes, each has its own images of the batch, as `Ranks` says; the length is that of the whole.
    """

    images: Tensor
    labels: Tensor
    images_seen: int
    fresh: Callable[[], tuple[Tensor, Tensor]]
    judged: list[Tensor] = field(default_factory=list)
    shared_fakes: dict[int, tuple[Tensor, Tensor]] | None = None
    ranks: Ranks = field(default_factory=Ranks)

    def __len__(self) -> int:
        return len(self.images) * self.ranks.size
