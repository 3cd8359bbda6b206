"""Heads on the critic's last features: what both penalties have in common."""

from __future__ import annotations

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import Discriminator, Featured, ImageSpec, RecipeContext, RegularizerOptions, Scheduled, Step


class HeadOptions(RegularizerOptions):
    """Strengths, and how the head is held back."""

    weight: Scheduled[NonNegativeFloat] = Field(default=1.0, description="Weight in the discriminator's step.")
    generator_weight: Scheduled[NonNegativeFloat] = Field(default=1.0, description="Weight in the generator's step.")
    spectral_norm: bool = Field(
        default=False, description="Divide the head's weights by their spectral norm, as those of a critic that has it."
    )


def classes_problem(context: RecipeContext) -> str | None:
    """Say that there are no classes to learn, or None."""
    return (
        None if context.images.label_dim > 1 else "learns classes: choose a dataset with two or more, or leave it out"
    )


def feature_size(images: ImageSpec, discriminator: Discriminator) -> int:
    """Return how many numbers the last features of an image have; the discriminator is left as it was."""
    if not isinstance(discriminator, Featured):
        raise TypeError("needs a discriminator with features")
    device = next(discriminator.parameters()).device
    picture = torch.zeros(1, images.channels, images.resolution, images.resolution, device=device)
    modes = [(module, module.training) for module in discriminator.modules()]
    # In training, normalizations would move their statistics and spectral norms their vectors.
    discriminator.eval()
    with torch.no_grad():
        last = discriminator.features(picture, torch.zeros(1, images.label_dim, device=device))[-1]
    for module, mode in modes:
        module.training = mode
    return last[0].numel()


def last_features(step: Step, images: Tensor) -> Tensor:
    """Return the critic's last features of a step's images, `[N, F]`."""
    return step.critic_features(images, step.labels)[-1].flatten(1)


def held(layer: nn.Linear, options: HeadOptions) -> nn.Module:
    """Return a layer of spectral norm 1 if the options say so, else as it is."""
    return spectral_norm(layer) if options.spectral_norm else layer
