"""Penalties whose gradients, needs or options show under circumstances alone, with and without planted bugs."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from torch.nn.functional import relu

from ganzoo import Featured, Regularizer, RegularizerOptions, Role
from planted.bug import PlantedBug, planted
from planted.penalties import SoundGP

PENALTIES_AT_REST: list[PlantedBug] = []


class Adversarial(Regularizer):
    """The change of logits where images are moved along the worst direction, which is no penalty itself (VAT)."""

    name = "adversarial-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    compares_logits = True

    def direction(self, step):
        probe = (0.1 * (step.uniform(*step.real_shown.shape) - 0.5)).requires_grad_()
        moved = step.critic(step.real_shown.detach() + probe, step.labels, augment=False)
        (slope,) = torch.autograd.grad((moved - step.real_logits.detach()).square().sum(), probe)
        return slope

    def penalty(self, step):
        slope = self.direction(step)
        length = slope.square().sum(dim=(1, 2, 3), keepdim=True).sqrt() + 1e-12
        moved = step.critic(step.real_shown.detach() + slope / length, step.labels, augment=False)
        return (moved - step.real_logits.detach()).square().mean()


@planted(PENALTIES_AT_REST, "create_graph=True")
class AdversarialAndSlope(Adversarial):
    """Wants the direction's own length to be small too, of which nothing is learned."""

    def penalty(self, step):
        return super().penalty(step) + self.direction(step).square().sum(dim=(1, 2, 3)).mean()


class NeedsOfOptions(RegularizerOptions):
    """Where."""

    of: str = Field("real", pattern="real|fake", description="Of which images the slope is taken.")


class SlopeOfEither(Regularizer[NeedsOfOptions]):
    """The squared slope at reals or at fakes; says on each instance which of them it needs."""

    name = "either-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    Options = NeedsOfOptions

    def __init__(self, options):
        super().__init__(options)
        self.needs_real_gradient, self.needs_fake_gradient = options.of == "real", options.of == "fake"

    def penalty(self, step):
        at_reals = self.options.of == "real"
        logits, images = (step.real_logits, step.real_input) if at_reals else (step.fake_logits, step.fake_input)
        (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
        return slope.square().sum(dim=(1, 2, 3)).mean()


class OneSided(SoundGP):
    """Lets all slopes below a bound be."""

    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        (slope,) = torch.autograd.grad(step.critic(points, step.labels).sum(), points, create_graph=True)
        norm = slope.square().sum(dim=(1, 2, 3)).clamp_min(1e-12).sqrt()
        return relu(norm - 1).square().mean()


@planted(PENALTIES_AT_REST, "the mean over the batch")
class OneSidedSum(OneSided):
    def penalty(self, step):
        return super().penalty(step) * len(step.real)


class BoundsOptions(RegularizerOptions):
    """Bounds."""

    low: float = Field(0.3, gt=0, description="Slopes below it are penalized.")
    high: float = Field(3.0, gt=0, description="Slopes above it are.")


class Bounds(SoundGP):
    """Keeps slopes within bounds."""

    Options = BoundsOptions

    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        (slope,) = torch.autograd.grad(step.critic(points, step.labels).sum(), points, create_graph=True)
        norm = slope.square().sum(dim=(1, 2, 3)).clamp_min(1e-12).sqrt()
        return self.beyond(norm).square().mean()

    def beyond(self, norm):
        return relu(self.options.low - norm) + relu(norm - self.options.high)


@planted(PENALTIES_AT_REST, "option 'low' changes nothing")
class NoLowerBound(Bounds):
    def beyond(self, norm):
        return relu(0.3 - norm) + relu(norm - self.options.high)


class MatchedMaps(Regularizer):
    """Means of feature maps over images and pixels are to be those of reals; takes maps for granted."""

    name = "matched-maps-like"
    applies_to: ClassVar[Role] = Role.GENERATOR
    discriminator_must_be = Featured

    @classmethod
    def depends_on_batch(cls, options):
        return True

    def means(self, step, images):
        return [each.mean(dim=(0, 2, 3)) for each in step.critic_features(images, step.labels)]

    def penalty(self, step):
        with torch.no_grad():
            real = self.means(step, step.real)
        pairs = zip(self.means(step, step.generated), real, strict=True)
        return torch.stack([(one - other).square().mean() for one, other in pairs]).mean()


@planted(PENALTIES_AT_REST, "gives no gradient to the generator")
class MatchedMapsOfFakes(MatchedMaps):
    def penalty(self, step):
        real, fake = (self.means(step, each) for each in (step.real, step.fakes))
        return torch.stack([(one - other).square().mean() for one, other in zip(fake, real, strict=True)]).mean()


SOUND_PENALTIES_AT_REST = [Adversarial, SlopeOfEither, OneSided, Bounds, MatchedMaps]
