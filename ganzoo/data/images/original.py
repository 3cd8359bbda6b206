"""Original: size and color of an image before the reading rule, and what the rule made of a set of them, by counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict

from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.reading import DeepPicture, Picture

_GRAY_MODES = ("1", "L", "LA", "La", "I", "F")


class Original(NamedTuple):
    """Height and width of an image, 1 or 3 channels of it, and whether its pixels were not square."""

    height: int
    width: int
    channels: int
    was_squared: bool = False


class Changes(BaseModel):
    """What became of images that were not as the dataset is.

    Attributes:
        smallest: Height and width of the smallest image, by its pixels.
        largest: The same of the largest.
        reshaped: How many were not square.
        least_kept: The smallest share of one of them that is kept.
        enlarged: How many are shown larger than they are.
        most_enlarged: By which factor one of them is, the most.
        grayed: How many lost their color.
        colored: How many gray ones are shown in three equal channels.
        squared: How many had pixels that were not square.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    smallest: tuple[int, int] = (0, 0)
    largest: tuple[int, int] = (0, 0)
    reshaped: int = 0
    least_kept: float = 1.0
    enlarged: int = 0
    most_enlarged: float = 1.0
    grayed: int = 0
    colored: int = 0
    squared: int = 0


def original_of(picture: Picture, was_squared: bool) -> Original:
    """Return what a decoded image is."""
    if isinstance(picture, Image.Image):
        channels = 1 if picture.mode.split(";")[0] in _GRAY_MODES else 3
        return Original(picture.height, picture.width, channels, was_squared)
    values = picture.values if isinstance(picture, DeepPicture) else picture
    channels = 1 if values.ndim == 2 or values.shape[2] == 1 else 3
    return Original(int(values.shape[0]), int(values.shape[1]), channels, was_squared)


def changes_of(originals: Sequence[Original], spec: ImageSpec, shape: str) -> Changes:
    """Count what the reading rule does to images.

    Args:
        originals: The images.
        spec: What they become.
        shape: What happens to those that are not square.
    """
    if not originals:
        return Changes()
    height, width, channels, squared = np.array(originals, np.int64).T
    area = height * width
    short, long = np.minimum(height, width), np.maximum(height, width)
    shown = long if shape == "pad" else short
    kept = short**2 / area if shape == "crop" else np.ones(len(area))
    smallest, largest = int(area.argmin()), int(area.argmax())
    return Changes(
        smallest=(int(height[smallest]), int(width[smallest])),
        largest=(int(height[largest]), int(width[largest])),
        reshaped=int((height != width).sum()),
        least_kept=round(float(kept.min()), 4),
        enlarged=int((shown < spec.resolution).sum()),
        most_enlarged=round(max(float(spec.resolution / shown.min()), 1.0), 2),
        grayed=int(((channels == 3) & (spec.channels == 1)).sum()),
        colored=int(((channels == 1) & (spec.channels == 3)).sum()),
        squared=int(squared.sum()),
    )
