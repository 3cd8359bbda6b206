"""Penalties on what a critic sees inside: features that are to match, and features that are to name classes."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganzoo import Discriminator, Featured, ImageSpec, RecipeContext, Regularizer, RegularizerOptions, Role, Step


class FeatureWeight(RegularizerOptions):
    """Strength."""

    weight: NonNegativeFloat = Field(default=1.0, description="Weight.")


class MatchedFeatures(Regularizer[FeatureWeight]):
    """Distance of the mean features of real and generated images, in every layer of the critic.

    Paper: Salimans et al., arXiv:1606.03498, section 3.1, but absolute values and all layers.
    """

    name = "acme-matched-features"
    Options = FeatureWeight
    applies_to: ClassVar[Role] = Role.GENERATOR
    discriminator_must_be = Featured

    @classmethod
    def depends_on_batch(cls, options: FeatureWeight) -> bool:
        return True

    def penalty(self, step: Step) -> Tensor:
        with torch.no_grad():
            real = step.critic_features(step.real, step.labels)
        fake = step.critic_features(step.generated, step.labels)
        layers = [(a.mean(dim=0) - b.mean(dim=0)).abs().mean() for a, b in zip(real, fake, strict=True)]
        return self.options.weight * torch.stack(layers).mean()


class NamedFeatures(Regularizer[FeatureWeight]):
    """A linear classifier with weights of its own on the critic's last features, of real images."""

    name = "acme-named-features"
    Options = FeatureWeight
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    discriminator_must_be = Featured

    @classmethod
    def incompatibility(cls, options: FeatureWeight, context: RecipeContext) -> str | None:
        return None if context.images.label_dim else "needs a dataset with classes; choose one, or leave it out"

    def prepare(self, images: ImageSpec, discriminator: Discriminator) -> None:
        if not isinstance(discriminator, Featured):
            raise TypeError("needs a discriminator with features")
        device = next(discriminator.parameters()).device
        picture = torch.zeros(1, images.channels, images.resolution, images.resolution, device=device)
        with torch.no_grad():
            last = discriminator.features(picture, torch.zeros(1, images.label_dim, device=device))[-1]
        self.classifier = nn.Linear(last[0].numel(), images.label_dim)

    def penalty(self, step: Step) -> Tensor:
        last = step.critic_features(step.real, step.labels)[-1].flatten(1)
        return self.options.weight * cross_entropy(self.classifier(last), step.labels.argmax(dim=1))
