"""Options of data sets whose images are read from outside and brought to one size."""

from __future__ import annotations

from pydantic import Field, field_validator

from ganzoo.contracts.datasets import DatasetOptions
from ganzoo.data.images.decode import ReadingRule
from ganzoo.data.images.intensity_window import Window
from ganzoo.data.images.resize import Resize, Shape


class ReadingOptions(DatasetOptions):
    """How an image from outside becomes pixels; a data set's `Options` inherit from it, and `rule` applies it."""

    resize: Resize = Field(
        default="auto",
        description="Filter: 'area', 'lanczos', 'bicubic', 'bilinear', 'nearest'; 'auto' is area where the size "
        "shrinks by a whole factor, Lanczos otherwise.",
    )
    shape: Shape = Field(
        default="crop",
        description="Images that are not square: 'crop' to the largest centred square, 'pad' with the background, "
        "'stretch', or refuse them ('square').",
    )
    window: Window = Field(
        default="range",
        description="What of deep grayscale becomes black and white: 'range', 'full', 'percentile' or [low, high].",
    )
    background: int = Field(
        default=0, ge=0, le=255, description="Gray level behind transparent pixels and around padded images."
    )

    @field_validator("window")
    @classmethod
    def _rises(cls, value: Window) -> Window:
        if isinstance(value, tuple) and not value[0] < value[1]:
            raise ValueError("needs [low, high] with low < high")
        return value

    def rule(self, channels: int) -> ReadingRule:
        """Return what an image is turned into, at the data set's resolution."""
        return ReadingRule(self.resolution, channels, self.window, self.background, self.resize, self.shape)
