"""Conformance checks of losses and penalties catch a part that breaks it, and says which part and what."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import torch
from broken_parts import broken, complaint
from tiny_objectives import RealClasses
from torch import Tensor

from ganzoo import ConfiguredPart, ImageSpec, Regularizer, Role, Step, testing
from ganzoo.testing import LinearStep, TinyDiscriminator, TinyGenerator, TinyLoss, check_part

LOSSES: list[Any] = []


@broken(LOSSES, "discriminator_loss must return a scalar tensor")
class Vector(TinyLoss):
    def discriminator_loss(self, real, fake):
        return fake - real


@broken(LOSSES, "generator_loss is")
class Overflowing(TinyLoss):
    def generator_loss(self, fake, real):
        return (1 + (-fake).exp()).log().mean() + fake.exp().log().mean()


@broken(LOSSES, "does not push the logits of real images up")
class Backwards(TinyLoss):
    def discriminator_loss(self, real, fake):
        return super().discriminator_loss(fake, real)


@broken(LOSSES, "does not push the logits of generated images down")
class HalfBlind(TinyLoss):
    def discriminator_loss(self, real, fake):
        return -real.mean() - 0.1 * fake.mean()


@broken(LOSSES, "generator_loss does not push the logits of generated images up")
class Saboteur(TinyLoss):
    def generator_loss(self, fake, real):
        return fake.mean()


@broken(LOSSES, "generator_loss gives no gradient to the logits of generated images")
class Detached(TinyLoss):
    def generator_loss(self, fake, real):
        return fake.detach().mean() + real().mean()


@broken(LOSSES, "generator_loss of a batch is not the mean over its halves")
class Sum(TinyLoss):
    def generator_loss(self, fake, real):
        return -fake.sum()


@broken(LOSSES, "calls real() more than once")
class Greedy(TinyLoss):
    def generator_loss(self, fake, real):
        return (real().detach() - fake).mean() + 0 * real().detach().mean()


@broken(LOSSES, "detach what real() returns")
class Leaking(TinyLoss):
    def generator_loss(self, fake, real):
        return (real() - fake).mean()


@broken(LOSSES, "changes the logits it is given")
class InPlace(TinyLoss):
    def discriminator_loss(self, real, fake):
        with torch.no_grad():
            real.clamp_(-0.1, 0.1)
        return super().discriminator_loss(real, fake)


@broken(LOSSES, "must hold ConfiguredPart(penalty class, its options)")
class PenaltyClass(TinyLoss):
    @classmethod
    def regularizers(cls, options):
        return (NormPenalty,)


@broken(LOSSES, "its penalty 'norm' comes with options that are not NormPenalty.Options")
class PenaltyOptions(TinyLoss):
    @classmethod
    def regularizers(cls, options):
        return (ConfiguredPart(NormPenalty, TinyLoss.Options()),)


class NormPenalty(Regularizer):
    """The mean squared logit of the reals."""

    name = "norm"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    def penalty(self, step: Step) -> Tensor:
        return step.real_logits.square().mean()


@pytest.mark.parametrize(("part", "expected"), LOSSES)
def test_broken_losses(part, expected):
    assert expected in complaint(part)


# Penalties


PENALTIES: list[Any] = []


@broken(PENALTIES, "`applies_to` must say who pays")
class Nobody(NormPenalty):
    applies_to = "discriminator"


@broken(PENALTIES, "it must be the mean over the batch, not the sum")
class BatchSum(NormPenalty):
    def penalty(self, step):
        return step.real_logits.square().sum()


@broken(PENALTIES, "must set needs_real_gradient = True")
class Undeclared(NormPenalty):
    def penalty(self, step):
        (slope,) = torch.autograd.grad(step.real_logits.sum(), step.real_input, create_graph=True)
        return slope.square().sum(dim=(1, 2, 3)).mean()


@broken(PENALTIES, "must set needs_fake_gradient = True")
class UndeclaredOfFakes(NormPenalty):
    def penalty(self, step):
        (slope,) = torch.autograd.grad(step.fake_logits.sum(), step.fake_input, create_graph=True)
        return slope.square().sum(dim=(1, 2, 3)).mean()


@broken(PENALTIES, "penalty gives no gradient to the discriminator")
class NoGraph(NormPenalty):
    needs_real_gradient = True

    def penalty(self, step):
        (slope,) = torch.autograd.grad(step.real_logits.sum(), step.real_input)
        return slope.square().sum(dim=(1, 2, 3)).mean()


@broken(PENALTIES, "penalty must return a scalar tensor")
class VectorPenalty(NormPenalty):
    def penalty(self, step):
        return step.real_logits.square()


@broken(PENALTIES, "penalty gives no gradient to the generator")
class WrongSide(NormPenalty):
    applies_to = Role.GENERATOR


@broken(PENALTIES, "sends gradient into the generator")
class IntoGenerator(NormPenalty):
    def penalty(self, step):
        images = step.generator(step.latents(len(step.real)), step.labels)
        return super().penalty(step) + 0.001 * step.critic(images, step.labels).square().mean()


@broken(PENALTIES, "the gradient of the penalty is not finite")
class RootOfZero(NormPenalty):
    def penalty(self, step):
        return super().penalty(step) + (step.real_logits * 0).square().sqrt().mean()


@broken(PENALTIES, "make state a buffer")
class HiddenMean(NormPenalty):
    def __init__(self, options):
        super().__init__(options)
        self.mean = 0.0

    def penalty(self, step):
        value = super().penalty(step)
        self.mean += value.item() * 0.01
        return value + self.mean


@pytest.mark.parametrize(("part", "expected"), PENALTIES)
def test_broken_regularizers(part, expected):
    assert expected in complaint(part)


def test_penalty_on_a_special_generator():
    class Special(TinyGenerator):
        """A special generator."""

    class SpecialPenalty(NormPenalty):
        """A penalty of a special generator."""

        applies_to = Role.GENERATOR
        generator_must_be = Special

        def penalty(self, step: Step) -> Tensor:
            return step.generator(step.latents(len(step.labels)), step.labels).square().mean()

    assert "needs a Special generator to be tested" in complaint(SpecialPenalty)
    special = Special(Special.Options(), ImageSpec(16, 1))
    testing.check_regularizer(SpecialPenalty, generator=special)


class SaidClasses(RealClasses):
    """Says that it needs classes, and a logit for each."""

    @classmethod
    def incompatibility(cls, options, context):
        return None if context.logits_per_image == 1 + context.images.label_dim > 1 else "needs a logit for each class"


class Choosy(NormPenalty):
    """Wants what no critic has."""

    @classmethod
    def incompatibility(cls, options, context):
        return None if context.logits_per_image == 99 else "needs 99 logits per image; choose such a critic"


def test_penalties_that_need_classes_say_so():
    said = complaint(RealClasses)
    assert "with 3 classes and 4 logits per image it works, so say in `incompatibility(options, context)`" in said
    check_part(SaidClasses)
    assert "refuses every kind of critic that it is tested on" in complaint(Choosy)


def test_linear_step_is_a_step():
    critic = TinyDiscriminator(TinyDiscriminator.Options(), ImageSpec(8, 1, 2))
    labels = torch.eye(2)
    step: Step = LinearStep(critic, torch.ones(2, 1, 8, 8), labels, lift_factor=2)
    assert step.real_input.shape == (2, 1, 16, 16)
    assert step.real_input.is_leaf
    assert step.real_logits is step.real_logits
    assert torch.allclose(step.real_logits, critic(step.real, labels))
    assert step.fakes is step.fakes
    assert not step.fakes.requires_grad
    assert torch.allclose(step.critic(step.lift(step.fakes), labels), critic(step.fakes, labels), atol=1e-6)
    assert step.latents(3).shape == (3, step.generator.latent_dim)
    assert step.uniform(3, 1).shape == (3, 1)
    assert not torch.equal(step.uniform(5), step.uniform(5))


def test_what_the_broken_ones_are_made_from_is_whole():
    check_part(NormPenalty)
