"""Penalty case: a penalty under test, in a situation in which it is at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, cast

import torch

from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.contracts.objectives import Regularizer, Role
from ganzoo.testing.colored_step import pixels, scaled
from ganzoo.testing.failure import doing
from ganzoo.testing.ordered_step import OrderedStep
from ganzoo.testing.parts import TinyDiscriminator
from ganzoo.testing.penalty_situation import SITUATIONS, Situation
from ganzoo.testing.properties import Case
from ganzoo.testing.seeding import seeded
from ganzoo.testing.settings import BATCH
from ganzoo.testing.skip_generator import tiny_generator_for
from ganzoo.testing.worlds import WORLDS, World, world_of


@dataclass(eq=False)
class RegularizerCase(Case):
    """A penalty under test, on a linear critic.

    Attributes:
        own_generator: The generator of 16x16 gray images that it is tested on; None: a tiny one.
        own_discriminator: The discriminator that it is tested on; None: a linear one with features.
        given_situation: How steep networks are and how far the training is; None: what sets the penalty to work.
    """

    kind: ClassVar[str] = "regularizer"
    base: ClassVar[type] = Regularizer
    draw_from: ClassVar[str] = "draw from the step's own stream, step.uniform(...) and step.latents(...)"

    own_generator: Generator | None = None
    own_discriminator: Discriminator | None = None
    given_situation: Situation | None = None

    @property
    def is_given(self) -> bool:
        """Whether a network to test it on was given."""
        return self.own_generator is not None or self.own_discriminator is not None

    @cached_property
    def world(self) -> World:
        """The images and the critic: with classes, or several logits, if it refuses others; maps, if it needs such."""
        if self.is_given:
            return WORLDS[0]
        found = world_of(self.cls, self.options)
        return found if self._works_in(found) or not self._works_in(found.with_maps()) else found.with_maps()

    def _works_in(self, world: World) -> bool:
        """Whether a penalty of features takes those of this critic, whose shape no penalty knows before."""
        if issubclass(TinyDiscriminator, self.cls.discriminator_must_be):
            return True
        case: Any = self._at(SITUATIONS[0])
        case.world = world
        with suppress(Exception), seeded():
            case.built().penalty(case.step())
            return True
        return False

    @cached_property
    def situation(self) -> Situation:
        """How steep networks are and how far the training is: at some a penalty is at rest."""
        if self.given_situation is not None:
            return self.given_situation
        return next((each for each in self._possible(SITUATIONS) if _is_at_work(self._at(each))), SITUATIONS[0])

    def in_situations(self) -> Iterator[RegularizerCase]:
        """Yield the case, and the same in other situations."""
        yield self
        others = self._possible(SITUATIONS)
        yield from (self._at(each) for each in others if each != self.situation)

    def _possible(self, situations: Sequence[Situation]) -> Iterator[Situation]:
        """Yield those that networks which were given can be in."""
        return (each for each in situations if each.scale == 1.0 or not self.is_given)

    def _at(self, situation: Situation) -> RegularizerCase:
        case: Any = self.afresh()
        case.given_situation = situation
        return cast("RegularizerCase", case)

    @cached_property
    def declared(self) -> Regularizer:
        """An instance, which says what it needs: the trainer asks it too."""
        with doing("building it (its __init__ calls super().__init__(options))"), seeded():
            return cast("Regularizer", self.cls(self.options))

    @cached_property
    def generator(self) -> Generator:
        """A generator, with styles if `generator_must_be` asks for them."""
        if self.own_generator is not None:
            return self.own_generator
        with seeded():
            tiny = tiny_generator_for(self.cls.generator_must_be)
            return scaled(tiny(tiny.Options(), self.world.images), self.situation.scale)

    @cached_property
    def critic(self) -> Discriminator:
        """A discriminator."""
        if self.own_discriminator is not None:
            return self.own_discriminator
        with seeded():
            return scaled(self.world.critic(self.world.critic.Options(), self.world.images), self.situation.scale)

    def built(self) -> Regularizer:
        """Return a fresh penalty."""
        with doing("building it (its __init__ calls super().__init__(options))"), seeded():
            regularizer: Regularizer = self.cls(self.begun)
            regularizer.prepare(self.world.images, self.critic)
        return self.moved(regularizer)

    def step(self, rows: Sequence[int] = range(BATCH), lift_factor: int = 1) -> OrderedStep:
        """Return a batch of the images of these numbers; penalties are taken at images `lift_factor` as large."""
        real, fakes = (each[list(rows)] for each in pixels(1))
        return OrderedStep(
            self.critic,
            real,
            self.world.labels(BATCH)[list(rows)],
            fakes=fakes,
            generator=self.generator,
            connected=self.declared.needs_real_gradient,
            fakes_connected=self.declared.needs_fake_gradient,
            role=self.cls.applies_to,
            images_seen=self.situation.images_seen,
            lift_factor=lift_factor,
            rows=rows,
        )


def _is_at_work(case: RegularizerCase) -> bool:
    """Whether a penalty gives a gradient to who pays it; also where it fails, which is told where it is asked."""
    try:
        step = case.step()
        with seeded():
            value = case.built().penalty(step)
        network = step.discriminator if case.cls.applies_to is Role.DISCRIMINATOR else step.generator
        slopes = torch.autograd.grad(value, list(network.parameters()), allow_unused=True)
        return any(each is not None and bool(each.any()) for each in slopes)
    except Exception:
        return True
