"""Consistency: a penalty on logits that change when images are shifted."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor

from ganzoo import Regularizer, RegularizerOptions, Role, Scheduled, Step, hookimpl

requires_ganzoo_api = 2


class YourPartOptions(RegularizerOptions):
    """Strength and reach."""

    weight: Scheduled[NonNegativeFloat] = Field(default=10.0, description="Weight of the mean squared change.")
    shift: PositiveInt = Field(default=2, description="Most pixels that an image is shifted by.")


class YourPart(Regularizer[YourPartOptions]):
    """The squared change of a real image's logit when the image is shifted.

    Paper: arXiv:1910.12027 (consistency regularization).
    """

    name = "your-part"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    Options = YourPartOptions

    def penalty(self, step: Step) -> Tensor:
        # The logits of the reals as they are were made for the loss; only the shifted ones cost another forward.
        shifted = self._shifted(step.real, step)
        change = step.critic(shifted, step.labels) - step.real_logits
        return self.options.weight * change.square().mean()  # read here: a recipe may schedule it

    def _shifted(self, images: Tensor, step: Step) -> Tensor:
        """Shift each image of `[N, C, r, r]` by whole pixels; what leaves at one side comes in at the other."""
        reach, side = self.options.shift, images.shape[-1]
        # From the step's own stream, numbers for each image, so that a resumed run and several processes draw the same;
        # as indices, since a GPU that is asked for a number stops until it has worked off all that came before.
        offsets = (step.uniform(len(images), 2, 1) * (2 * reach + 1)).floor().long() - reach
        rows, columns = ((torch.arange(side, device=images.device) - offsets) % side).unbind(dim=1)
        each = torch.arange(len(images), device=images.device)[:, None, None]
        return images[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


@hookimpl
def ganzoo_regularizers() -> list[type[Regularizer]]:
    return [YourPart]
