"""Colored steps: batches of color images with classes, in any order, that penalties are tested on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.objectives import Regularizer
from ganzoo.testing.critics import TinyFeaturedDiscriminator, TinyMappedDiscriminator
from ganzoo.testing.ordered_step import OrderedStep
from ganzoo.testing.penalty_situation import Situation
from ganzoo.testing.seeding import seeded
from ganzoo.testing.settings import BATCH
from ganzoo.testing.skip_generator import tiny_generator_for

NetworkT = TypeVar("NetworkT", bound=nn.Module)
COLOR = ImageSpec(16, 3, 3)
ORDER = (2, 0, 3, 1)


def pixels(channels: int) -> tuple[Tensor, Tensor]:
    """Return real and generated images of a batch."""
    rng = torch.Generator().manual_seed(3)
    real, fakes = (torch.rand(BATCH, channels, 16, 16, generator=rng) * 2 - 1 for _ in range(2))
    return real, fakes


class _ClassCritic(TinyFeaturedDiscriminator):
    """A critic whose slope depends on the class."""

    name = "tiny-classes"

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return super().forward(images.square(), labels) * (1 + labels @ torch.arange(labels.shape[1]).to(labels))


class _MappedClassCritic(_ClassCritic, TinyMappedDiscriminator):
    """The same with maps for features."""

    name = "tiny-mapped-classes"


def scaled(network: NetworkT, scale: float) -> NetworkT:
    """Return the network, its weights multiplied."""
    with torch.no_grad():
        for each in network.parameters():
            each.mul_(scale)
    return network


def colored_step(
    declared: Regularizer, order: Sequence[int], situation: Situation, *, mapped: bool = False
) -> OrderedStep:
    """Return a batch of color images with classes, its rows in an order, for a penalty that says what it needs.

    The critic's features are maps where it is `mapped`.
    """
    kind = _MappedClassCritic if mapped else _ClassCritic
    with seeded():
        maker = tiny_generator_for(declared.generator_must_be)
        generator = scaled(maker(maker.Options(), COLOR), situation.scale)
        critic = scaled(kind(kind.Options(), COLOR), situation.scale)
    real, fakes = (each[list(order)] for each in pixels(3))
    return OrderedStep(
        critic,
        real,
        torch.eye(3)[torch.arange(BATCH) % 3][list(order)],
        fakes=fakes,
        generator=generator,
        connected=declared.needs_real_gradient,
        fakes_connected=declared.needs_fake_gradient,
        role=declared.applies_to,
        images_seen=situation.images_seen,
        rows=order,
    )
