"""Published values of a recipe: what its paper reports, shown beside what is measured."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from ganzoo._recipe.schema import Section


class PublishedScoring(Section):
    """How a published value was measured, as far as `ganzoo score --published` can do the same.

    What it does not say is as papers have it, whatever the recipe's own scoring says: noise is random in all of them.
    """

    generated: PositiveInt = Field(description="Images generated.")
    reference_images: PositiveInt | None = Field(default=None, description="Real images compared with; absent: all.")
    split: str = Field(default="train", description="The split of the dataset compared with.")
    mirror: bool = Field(default=False, description="Each real image was mirrored with probability 1/2.")
    weights: Literal["ema", "raw"] = Field(default="ema", description="EMA or raw weights of the generator.")
    truncation_psi: float = Field(default=1.0, ge=0, le=1, description="Truncation of styles; 1 is none.")
    truncation_cutoff: PositiveInt | None = Field(
        default=None, description="How many of the first style layers were truncated; absent: all."
    )
    truncation_threshold: PositiveFloat | None = Field(
        default=None, description="Largest absolute value of a latent's numbers; absent: latents were not truncated."
    )
    otherwise: str = Field(default="", description="What cannot be done the same here, as a phrase.")


class PublishedValue(Section):
    """A value from a paper, shown beside ours and never mixed into it."""

    value: float = Field(description="The value, in the metric's own units.")
    source: str = Field(min_length=1, description="Source of the value: paper and table.")
    scoring: PublishedScoring | None = Field(default=None, description="How it was measured; absent: not known.")
