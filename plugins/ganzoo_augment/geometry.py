"""Geometric transforms as matrices; none of them touches a pixel."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ganzoo_augment.draws import Draws
from ganzoo_augment.options import PipeOptions


def inverse(options: PipeOptions, draws: Draws, resolution: int) -> Tensor:
    """Draw a geometric transform per image and return its inverse.

    Coordinates are x to the right and y down, in pixels from the center of an image of `resolution` pixels. The
    inverse is what sampling needs: where each pixel of the result comes from.

    Returns:
        Matrices `[N, 3, 3]` in float64 on the CPU; an image that is left alone has exactly the identity.
    """
    matrix = torch.eye(3, dtype=torch.float64).expand(draws.count, 3, 3)
    for switch, transform in _ORDER:
        if getattr(options, switch):
            # Inverses compose in reverse: what is applied first is undone last.
            matrix = matrix @ transform(options, draws, resolution)
    return matrix


def _matrix(linear: tuple[Tensor, Tensor, Tensor, Tensor], x: Tensor | None = None, y: Tensor | None = None) -> Tensor:
    """Return `[N, 3, 3]` from a 2x2 matrix by rows and a shift, each entry `[N]`."""
    a, b, c, d = linear
    zero, one = torch.zeros_like(a), torch.ones_like(a)
    entries = [a, b, zero if x is None else x, c, d, zero if y is None else y, zero, zero, one]
    return torch.stack(entries, dim=1).reshape(-1, 3, 3)


def _shift(shift: Tensor) -> Tensor:
    x, y = shift.unbind(1)
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return _matrix((one, zero, zero, one), x, y)


def _stretch(x: Tensor, y: Tensor) -> Tensor:
    zero = torch.zeros_like(x)
    return _matrix((x, zero, zero, y))


def _turn(angle: Tensor) -> Tensor:
    cos, sin = angle.cos(), angle.sin()
    return _matrix((cos, -sin, sin, cos))


def _x_flip(options: PipeOptions, draws: Draws, resolution: int) -> Tensor:
    flipped = draws.integer(2)[:, 0]
    return _stretch(1 - 2 * flipped, torch.ones_like(flipped))


def _rotate90(options: PipeOptions, draws: Draws, resolution: int) -> Tensor:
    return _turn(draws.integer(4)[:, 0] * (math.pi / 2))


def _integer_translation(options: PipeOptions, draws: Draws, resolution: int) -> Tensor:
    return _shift(-(draws.uniform(2) * (options.integer_translation_range * resolution)).round())


def _scale(options: PipeOptions, draws: Draws, resolution: int) -> Tensor:
    factor = torch.exp2(-draws.normal()[:, 0] * options.scale_std)
    return _stretch(factor, factor)


def _rotation(options: PipeOptions, draws: Draws, resolution: int) -> Tensor:
    # One of the two rotations, before and after the anisotropic scale: at least one happens with probability p.
    once = 1 - math.sqrt(max(0.0, 1 - draws.p))
    return _turn(draws.uniform(p=once)[:, 0] * math.radians(options.rotation_range))


def _anisotropic_scale(options: PipeOptions, draws: Draws, resolution: int) -> Tensor:
    factor = torch.exp2(-draws.normal()[:, 0] * options.anisotropic_scale_std)
    return _stretch(factor, 1 / factor)


def _fractional_translation(options: PipeOptions, draws: Draws, resolution: int) -> Tensor:
    return _shift(-draws.normal(2) * (options.fractional_translation_std * resolution))


_Transform = Callable[[PipeOptions, Draws, int], Tensor]
# The order of appendix B, figure of the pipeline: the same rotation stands on both sides of the stretch.
_ORDER: tuple[tuple[str, _Transform], ...] = (
    ("x_flip", _x_flip),
    ("rotate90", _rotate90),
    ("integer_translation", _integer_translation),
    ("scale", _scale),
    ("rotation", _rotation),
    ("anisotropic_scale", _anisotropic_scale),
    ("rotation", _rotation),
    ("fractional_translation", _fractional_translation),
)
