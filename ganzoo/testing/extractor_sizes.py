"""Extractor sizes: whether features are of whole images, of whatever resolution."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ganzoo.errors import GanzooError
from ganzoo.testing.failure import ConformanceError, require

_FACTORS = (0.5, 1, 2)  # of the resolution that all else is asked at
_BANDS = 4  # of rows, and of columns
# The outermost of so many are cut off where a square of 7/8 of an image is kept. A single row may be left by strides.
_EDGE = 16


def check_sizes(case: Any) -> None:
    """Require usable features of every resolution, or a refusal in words."""
    for side in (int(case.side * factor) for factor in _FACTORS):
        found = _features(case, _images(side), side)
        if found is None:
            continue
        for layer, features, known in zip(case.layers, found, case.features, strict=True):
            of = f"features of layer {layer!r}, of images of {side} pixels,"
            require(
                features.shape[1:] == known.shape[1:],
                f"{of} have the size {list(features.shape[1:])}, and {list(known.shape[1:])} where images have "
                f"{case.side}: scores need one size; pool over places, or resize the images",
            )
            require(torch.isfinite(features).all(), f"{of} are not finite")
            # Only what is exactly the same was not read.
            pairs = zip(_bands(side), features[1:], strict=True)
            unread = [str(band) for band, each in pairs if torch.equal(each, features[0])]
            require(len(unread) < len(_bands(side)), f"{of} are the same whatever the images are")
            require(
                not unread,
                f"{of} do not depend on {' and '.join(unread[:3])}: it reads a part of an image; resize images "
                f"to the size that it needs (F.interpolate), do not cut or count pixels",
            )


def _features(case: Any, images: Tensor, side: int) -> tuple[Tensor, ...] | None:
    network = case.extractor.build(list(case.layers)).eval()
    try:
        with torch.no_grad():
            found: tuple[Tensor, ...] = network(images)
    except GanzooError:  # a refusal in words
        return None
    except Exception as error:
        raise ConformanceError(
            f"fails for images of {side} pixels, and works for {case.side}: {type(error).__name__}: {error}; runs have "
            f"any resolution: resize images to the size that it needs (F.interpolate), or raise ganzoo.PluginError "
            f"that says which it takes"
        ) from error
    return found


@dataclass(frozen=True)
class _Band:
    """A quarter of an image's rows or columns."""

    axis: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"{('rows', 'columns')[self.axis - 1]} {self.first} to {self.last}"


def _bands(side: int) -> list[_Band]:
    starts = [side * number // _BANDS for number in range(_BANDS + 1)]
    edge = side // _EDGE
    spans = [*pairwise(starts), *(((0, edge), (side - edge, side)) if edge > 1 else ())]
    return [_Band(axis, first, end - 1) for axis in (1, 2) for first, end in spans]


def _images(side: int) -> Tensor:
    """Return an image, and the same with another band in its negative each time, uint8 `[9, 3, side, side]` or more."""
    image = torch.randint(0, 256, (3, side, side), generator=torch.Generator().manual_seed(9), dtype=torch.uint8)
    images = [image]
    for band in _bands(side):
        changed = image.clone()
        part = changed.narrow(band.axis, band.first, band.last + 1 - band.first)
        part.copy_(255 - part)
        images.append(changed)
    return torch.stack(images)
