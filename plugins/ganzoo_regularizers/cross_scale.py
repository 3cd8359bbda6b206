"""Cross-scale consistency: coarse outputs of a generator are to be the fine image, seen from afar."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ganzoo import PluginError, Regularizer, RegularizerOptions, Role, Scheduled, SkipOutputs, Step, StyleBased
from ganzoo.layers import at_least_float32


@runtime_checkable
class SkipStyled(SkipOutputs, StyleBased, Protocol):
    """Capability: styles, and an image that is a sum over resolutions."""


class CrossScaleOptions(RegularizerOptions):
    """Strength."""

    weight: Scheduled[NonNegativeFloat] = Field(default=1.0, description="Weight of the squared distance.")


class CrossScaleConsistency(Regularizer[CrossScaleOptions]):
    """Squared distance of a generator's image at each lower resolution from its final one, averaged down.

    weight * mean_k mean (x_k - down(x_K))^2 over the resolutions k < K; the final image x_K is the anchor and takes no
    gradient. In CAT a critic judges each scale besides; here the last one alone is judged. It draws latents of its own.

    Paper: Hyun et al., CAT, arXiv:2605.26449: the consistency that it adds to the generator's loss.
    """

    name = "cross-scale-consistency"
    applies_to: ClassVar[Role] = Role.GENERATOR
    generator_must_be: ClassVar[type] = SkipStyled

    Options = CrossScaleOptions

    def penalty(self, step: Step) -> Tensor:
        generator = step.generator
        if not isinstance(generator, SkipStyled):
            raise PluginError(f"'{self.name}' needs a SkipStyled generator, which '{generator.name}' is not")
        styles = generator.map(step.latents(len(step.real)), step.labels)
        *coarse, final = [at_least_float32(image) for image in generator.outputs(styles)]
        if not coarse:
            raise PluginError(
                f"'{self.name}' compares images of several resolutions, and '{generator.name}' makes one: "
                f"choose an architecture with output skips"
            )
        anchor = final.detach()
        far = [(image - adaptive_avg_pool2d(anchor, image.shape[-1])).square().mean() for image in coarse]
        return self.options.weight * torch.stack(far).mean()
