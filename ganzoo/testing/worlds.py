"""Worlds: images and tiny critics, of which a penalty or a loss says what it works with; some need classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.component import Component, ConfiguredPart, ImageSpec
from ganzoo.contracts.networks import Discriminator
from ganzoo.contracts.objectives import AdversarialLoss
from ganzoo.testing.critics import (
    TinyAuxiliaryDiscriminator,
    TinyFeaturedDiscriminator,
    TinyMappedDiscriminator,
    TinyPatchDiscriminator,
)
from ganzoo.testing.failure import ConformanceError
from ganzoo.testing.settings import reason_against


@dataclass(frozen=True)
class World:
    """What a penalty or a loss is tested on.

    Attributes:
        images: Their kind.
        critic: The class of the critic.
    """

    images: ImageSpec
    critic: type[Discriminator]

    def labels(self, count: int) -> Tensor:
        """Return one-hot labels `[count, L]`, all classes in turn."""
        classes = self.images.label_dim
        return torch.eye(classes)[torch.arange(count) % classes] if classes else torch.zeros(count, 0)

    def with_maps(self) -> World:
        """Return the same with features that are maps, where it has features alone."""
        return replace(self, critic=TinyMappedDiscriminator) if self.critic is TinyFeaturedDiscriminator else self

    @property
    def logits(self) -> int:
        """Logits per image."""
        return self.critic.logits_per_image(self.critic.Options(), self.images)

    def __str__(self) -> str:
        classes = f"{self.images.label_dim} classes" if self.images.label_dim else "no classes"
        return f"{classes} and {self.logits} logit{'s' if self.logits > 1 else ''} per image"


# The plainest first: most penalties need no more.
WORLDS = tuple(
    World(ImageSpec(16, 1, label_dim), critic)
    for label_dim, critic in (
        (0, TinyFeaturedDiscriminator),
        (3, TinyFeaturedDiscriminator),
        (3, TinyAuxiliaryDiscriminator),
        (0, TinyPatchDiscriminator),
    )
)


def world_of(cls: type[Component], options: Any) -> World:
    """Return the first world that the part and its penalties do not refuse; where they refuse all, the first."""
    return next((each for each in WORLDS if _reason(cls, options, each) is None), WORLDS[0])


def require_a_world(cls: type[Component], options: Any) -> None:
    """Require that it refuses not all of them. Raises ConformanceError, also where it cannot say."""
    reasons = [_reason(cls, options, each) for each in WORLDS]
    if None not in reasons:
        tried = "; ".join(map(str, WORLDS))
        raise ConformanceError(f"refuses every kind of critic that it is tested on ({tried}): {reasons[0]}")


def unsaid_need(world: World, works: Callable[[World], bool]) -> str:
    """Return what a penalty that fails in `world` should have said, if another one is all that it needs; or nothing."""
    found = next((each for each in WORLDS if each != world and works(each)), None)
    if found is None:
        return ""
    return (
        f"; with {found} it works, so say in `incompatibility(options, context)` what it needs: "
        f"context.images.label_dim and context.logits_per_image tell what there is, here {world}"
    )


def _reason(cls: type[Component], options: Any, world: World) -> str | None:
    parts = [(cls, options)]
    if issubclass(cls, AdversarialLoss):
        parts += [(each.cls, each.options) for each in cls.regularizers(options) if isinstance(each, ConfiguredPart)]
    reasons = (reason_against(part, chosen, world.images, world.critic) for part, chosen in parts)
    return next((each for each in reasons if each), None)
