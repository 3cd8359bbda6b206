"""Transforms: whether what a generator makes moves as it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.capabilities import Transformable
from ganzoo.testing.failure import doing, require
from ganzoo.testing.networks import NetworkCase
from ganzoo.testing.properties import Property, able
from ganzoo.testing.seeding import seeded

_TOLERANCE = 1e-3  # of images in [-1, 1]
_PIXELS = 4
_LIKELY = {
    "left": "the matrix is taken for its inverse: a content at p must appear at matrix p",
    "down": "x and y are exchanged: x is to the right and comes first",
    "up": "x and y are exchanged, and the matrix is taken for its inverse",
    "nowhere": "the matrix is not used, or its unit is another than the image's side",
}


def _images(generator: Any, case: NetworkCase, matrix: Tensor | None) -> Tensor:
    with doing("use_transform"):
        generator.use_transform(matrix)
    with doing("a forward of what is moved"), torch.no_grad(), seeded():
        images: Tensor = generator(*case.inputs)
    return images


def _check_identity(case: NetworkCase) -> None:
    generator = case.network().eval()
    with torch.no_grad(), seeded():
        before = generator(*case.inputs)
    kept = _images(generator, case, torch.eye(3))
    off = float((kept - before).abs().max())
    require(off <= _TOLERANCE, f"use_transform with the matrix that moves nothing changes its images by {off:.2g}")
    _images(generator, case, _to_the_right(case))
    off = float((_images(generator, case, None) - before).abs().max())
    require(off == 0, f"use_transform(None) does not bring what was moved back: its images are off by {off:.2g}")


def _to_the_right(case: NetworkCase) -> Tensor:
    matrix = torch.eye(3)
    matrix[0, 2] = _PIXELS / case.spec.resolution
    return matrix


def _check_shift(case: NetworkCase) -> None:
    generator = case.network().eval()
    before, matrix = _images(generator, case, None), _to_the_right(case)
    moved = _images(generator, case, matrix)
    distances = _distances(before, moved)
    nearest = min(distances, key=lambda name: distances[name])
    require(
        nearest == "right",
        f"told to move what it generates by {_PIXELS} pixels to the right, it is most like moved {nearest}: "
        f"{_LIKELY.get(nearest, '')}",
    )
    each = torch.stack([torch.eye(3), *[matrix] * (len(before) - 1)])
    apart = _images(generator, case, each)
    off = max(float((apart[:1] - before[:1]).abs().max()), float((apart[1:] - moved[1:]).abs().max()))
    require(
        off <= _TOLERANCE, f"a matrix for each image, [N, 3, 3], moves them otherwise than one for all: by {off:.2g}"
    )


def _distances(before: Tensor, moved: Tensor) -> Mapping[str, float]:
    """Return how far images are from others that are moved in each direction, where both show the same."""
    k, side = _PIXELS, before.shape[-1]
    inner = slice(k, side - k)
    found = {}
    for name, down, right in (("right", 0, k), ("left", 0, -k), ("down", k, 0), ("up", -k, 0), ("nowhere", 0, 0)):
        expected = before.roll((down, right), dims=(2, 3))
        found[name] = float((moved - expected)[..., inner, inner].square().mean())
    return found


TRANSFORMS = (
    Property(
        "a transform that moves nothing leaves it in place, and None brings it back",
        _check_identity,
        able(Transformable),
    ),
    Property("moves what it generates as a transform says", _check_shift, able(Transformable)),
)
