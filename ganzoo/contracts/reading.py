"""Reading rule: how an image from outside becomes pixels, and the options that say so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field, field_validator

from ganzoo.contracts.datasets import DatasetOptions


@dataclass(frozen=True)
class DeepPicture:
    """An image of more than 8 bits per channel, and what its file states of it.

    Attributes:
        values: Intensities as they are stored, `[H, W]` or `[H, W, 3]`.
        alpha: Opacity of each pixel, `[H, W]` in [0, 1]; None: there is nothing behind it to be seen.
        white_is_zero: Whether high values are dark.
    """

    values: NDArray[Any]
    alpha: NDArray[np.float32] | None = None
    white_is_zero: bool = False


Picture = Image.Image | NDArray[Any] | DeepPicture
"""An image before the reading rule: decoded by Pillow, or an array `[H, W]` or `[H, W, C]` with C of 1, 3 or 4."""

Window = Literal["range", "full", "percentile", "header"] | tuple[float, float]
"""How intensities of more than 8 bits become 0..255, always linearly; of color, all channels alike.

- `range`: the image's own darkest to its brightest value, where it is not transparent. Nothing is clipped; brightness
  is not comparable from image to image. (Slices of a volume or a DICOM series share one, here and for `percentile`.)
- `full`: 0 to 65535, for data that use all 16 bits; a value outside is an error.
- `percentile`: the image's own 0.5th to 99.5th percentile; the 1 % outside becomes black or white.
- `header`: what the file itself states, as DICOM files may.
- `[low, high]`: the same for all images of the dataset; what is outside becomes black or white.
"""

NonFinite = Literal["refuse", "background"] | float
"""What becomes of pixels that are NaN or infinite: the image is refused, the background shows, or that intensity."""

Resize = Literal["auto", "area", "lanczos", "bicubic", "bilinear", "nearest"]
"""How the size is changed, always antialiased but for `nearest`.

- `auto`: `area` where the size shrinks by a whole factor, `lanczos` otherwise.
- `area`: the mean over each new pixel's exact area, rounded half up; cannot ring beyond the original's range.
- `lanczos`, `bicubic`, `bilinear`: Pillow's filters, widened when shrinking.
- `nearest`: picks pixels; for images whose values are names, such as masks.
"""

Shape = Literal["crop", "pad", "stretch", "square"]
"""What happens to an image that is not square: its largest centered square is cut out, it is padded with the background
on both sides, it is squeezed, or it is refused."""


@dataclass(frozen=True)
class ReadingRule:
    """What an image is turned into.

    Attributes:
        resolution: Height and width of the result in pixels.
        channels: 1 for grayscale, 3 for RGB.
        window: How intensities of more than 8 bits become 8 bits.
        background: Gray level, 0 to 255, behind transparent pixels and around padded images.
        resize: How the size is changed.
        shape: What happens to images that are not square.
        non_finite: What becomes of pixels that are NaN or infinite.
    """

    resolution: int
    channels: int
    window: Window = "range"
    background: int = 0
    resize: Resize = "auto"
    shape: Shape = "crop"
    non_finite: NonFinite = "refuse"


class ReadingOptions(DatasetOptions):
    """How an image from outside becomes pixels; a dataset's `Options` inherit from it, and `rule` collects it."""

    resize: Resize = Field(
        default="auto",
        description="Filter: 'area', 'lanczos', 'bicubic', 'bilinear', 'nearest'; 'auto' is area where the size "
        "shrinks by a whole factor, Lanczos otherwise.",
    )
    shape: Shape = Field(
        default="crop",
        description="Images that are not square: 'crop' to the largest centered square, 'pad' with the background, "
        "'stretch', or refuse them ('square').",
    )
    window: Window = Field(
        default="range",
        description="Which intensities of more than 8 bits become black and white: 'range', 'full', 'percentile' or "
        "[low, high].",
    )
    background: int = Field(
        default=0, ge=0, le=255, description="Gray level behind transparent pixels and around padded images."
    )

    non_finite: NonFinite = Field(
        default="refuse",
        description="Pixels that are NaN or infinite: 'refuse' the image, show the 'background', or an intensity.",
    )

    @field_validator("non_finite")
    @classmethod
    def _is_finite(cls, value: NonFinite) -> NonFinite:
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("needs 'refuse', 'background' or an intensity that is finite")
        return value

    @field_validator("window")
    @classmethod
    def _rises(cls, value: Window) -> Window:
        if isinstance(value, tuple) and not value[0] < value[1]:
            raise ValueError("needs [low, high] with low < high")
        return value

    def rule(self, channels: int) -> ReadingRule:
        """Return what an image is turned into, at the dataset's resolution."""
        names = ("resolution", "window", "background", "resize", "shape", "non_finite")
        return ReadingRule(channels=channels, **{name: getattr(self, name) for name in names})
