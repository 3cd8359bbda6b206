"""Conformance of networks that grow (ProGAN, arXiv:1710.10196): nothing jumps when a block begins to fade in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.functional import interpolate

from ganzoo.contracts.capabilities import Growable
from ganzoo.contracts.component import ImageSpec
from ganzoo.testing import networks
from ganzoo.testing.failure import Judge

SMALLEST = 4  # ProGAN begins here
USUAL = 8  # StyleGAN begins here; what a network has at 4 shows through while 8 fades in
InputsAt = Callable[[int], networks.Inputs]


def stages(network: nn.Module, images: ImageSpec, inputs: InputsAt) -> list[tuple[int, float]]:
    """Return resolutions and weights of the newest block to visit: all for a growing network, else the one.

    `inputs` gives the network's inputs at a resolution. A network that cannot work at 4 pixels begins at 8.
    """
    if not isinstance(network, Growable):
        return [(images.resolution, 1.0)]
    sides = sides_of(network, images, inputs)
    later = [(side, alpha) for side in sides if side > SMALLEST for alpha in (0.5, 1.0)]
    return [*((side, 1.0) for side in sides if side == SMALLEST), *later]


def sides_of(network: Any, images: ImageSpec, inputs: InputsAt) -> list[int]:
    """Return the resolutions that a growing network works at, from 4 or else from 8."""
    try:
        with torch.no_grad(), networks.seeded():
            network.grow(SMALLEST, 1.0)
            output = network(*inputs(SMALLEST))
        start = SMALLEST if output.dim() == 1 or output.shape[-1] == SMALLEST else USUAL
    except Exception:  # how a network says that it begins later is its own affair
        start = USUAL
    return [side for side in (start << k for k in range(12)) if side <= images.resolution]


def check_generator_growth(generator: Any, inputs: networks.Inputs, images: ImageSpec, judge: Judge) -> None:
    """Require that images at (2R, alpha 0) are those at (R, 1) with their pixels doubled."""
    generator.eval()
    for side in sides_of(generator, images, lambda side: inputs)[:-1]:
        coarse = _grown(generator, side, 1.0, inputs, judge)
        fine = _grown(generator, 2 * side, 0.0, inputs, judge)
        judge.require(
            fine.shape[-2:] == (2 * side, 2 * side),
            f"after grow({2 * side}, 0.0), its images have sides {list(fine.shape[-2:])}",
        )
        same = torch.allclose(fine, interpolate(coarse, scale_factor=2.0, mode="nearest"), rtol=1e-3, atol=1e-4)
        judge.require(
            same,
            f"images at ({2 * side}, alpha 0) differ from those at ({side}, alpha 1) upsampled: "
            "the newest block must weigh nothing at alpha 0",
        )
    generator.grow(images.resolution, 1.0)


def check_discriminator_growth(discriminator: Any, inputs: networks.Inputs, images: ImageSpec, judge: Judge) -> None:
    """Require that logits at (2R, alpha 0) of upsampled images are those at (R, 1) of the images."""
    discriminator.eval()

    def shrunk(side: int) -> networks.Inputs:
        return interpolate(inputs[0], size=(side, side), mode="area"), inputs[1]

    for side in sides_of(discriminator, images, shrunk)[:-1]:
        small = shrunk(side)[0]
        coarse = _grown(discriminator, side, 1.0, (small, inputs[1]), judge)
        large = interpolate(small, scale_factor=2.0, mode="nearest")
        fine = _grown(discriminator, 2 * side, 0.0, (large, inputs[1]), judge)
        judge.require(
            torch.allclose(fine, coarse, rtol=1e-3, atol=1e-4),
            f"logits at ({2 * side}, alpha 0) of upsampled images differ from those at ({side}, alpha 1): "
            "the newest block must weigh nothing at alpha 0",
        )
    discriminator.grow(images.resolution, 1.0)


def _grown(network: Any, side: int, alpha: float, inputs: networks.Inputs, judge: Judge) -> torch.Tensor:
    with judge.doing(f"a forward after grow({side}, {alpha})"), torch.no_grad(), networks.seeded():
        network.grow(side, alpha)
        return network(*inputs)
