"""Published values of a recipe: what its paper reports, shown beside what is measured."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from ganzoo._recipe.schema import Section


class PublishedScoring(Section):
    """How a published value was measured, as far as `ganzoo score --published` can do the same."""

    generated: PositiveInt = Field(description="Images generated.")
    reference_images: PositiveInt | None = Field(default=None, description="Real images compared with; absent: all.")
    mirror: bool = Field(default=False, description="Each real image was mirrored with probability 1/2.")
    otherwise: str = Field(default="", description="What cannot be done the same here, as a phrase.")


class PublishedValue(Section):
    """A value from a paper, shown beside ours and never mixed into it."""

    value: float = Field(description="The value, in the metric's own units.")
    source: str = Field(min_length=1, description="Source of the value: paper and table.")
    scoring: PublishedScoring | None = Field(default=None, description="How it was measured; absent: not known.")
