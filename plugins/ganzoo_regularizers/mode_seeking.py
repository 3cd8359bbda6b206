"""Mode seeking: images of latents far from each other are to be far from each other."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Regularizer, RegularizerOptions, Role, Scheduled, Step
from ganzoo.layers import at_least_float32, batch_mean

_FLOOR = 1e-5  # of the authors' code, where all images are one


class ModeSeekingOptions(RegularizerOptions):
    """Strength."""

    # lambda_ms = 1 in the authors' code.
    weight: Scheduled[NonNegativeFloat] = Field(default=1.0, description="Weight (lambda_ms).")


class ModeSeeking(Regularizer[ModeSeekingOptions]):
    """How little generated images of one class differ for how far their latents are apart.

    weight / (mean |G(z1) - G(z2)| / mean |z1 - z2| + 1e-5): the paper maximizes the ratio of the distances, the
    authors' code descends its inverse, with means over the batch. z1 are the step's latents, z2 others for its labels.

    Paper: Mao et al., arXiv:1903.05628, section 3.2, as in the authors' code.
    """

    name = "mode-seeking"
    applies_to: ClassVar[Role] = Role.GENERATOR
    reduces_over_ranks: ClassVar[bool] = True

    Options = ModeSeekingOptions

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True

    def penalty(self, step: Step) -> Tensor:
        others = step.latents(len(step.real))
        images = at_least_float32(step.generator(others, step.labels))
        moved = batch_mean((step.generated - images).abs()).mean()
        apart = batch_mean((step.fake_latents - others).abs()).mean()
        return self.options.weight / (moved / apart + _FLOOR)
