"""Conformance of networks that grow (ProGAN, arXiv:1710.10196): nothing jumps when a block begins to fade in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganzoo.contracts.capabilities import Growable
from ganzoo.contracts.component import ImageSpec
from ganzoo.testing.failure import doing, require
from ganzoo.testing.seeding import seeded

LOWEST = 4  # ProGAN begins here
USUAL = 8  # StyleGAN begins here; what a network has at 4 shows through while 8 fades in
Inputs = tuple[Tensor, Tensor]
InputsAt = Callable[[int], Inputs]


def stages(network: nn.Module, images: ImageSpec, inputs: InputsAt) -> list[tuple[int, float]]:
    """Return resolutions and weights of the newest block to visit: all for a growing network, else the one.

    `inputs` gives the network's inputs at a resolution. A network that cannot work at 4 pixels begins at 8.
    """
    if not isinstance(network, Growable):
        return [(images.resolution, 1.0)]
    resolutions = resolutions_of(network, images, inputs)
    later = [(resolution, alpha) for resolution in resolutions if resolution > LOWEST for alpha in (0.5, 1.0)]
    return [*((resolution, 1.0) for resolution in resolutions if resolution == LOWEST), *later]


def resolutions_of(network: Any, images: ImageSpec, inputs: InputsAt) -> list[int]:
    """Return the resolutions that a growing network works at, from 4 or else from 8."""
    try:
        with torch.no_grad(), seeded():
            network.grow(LOWEST, 1.0)
            output = network(*inputs(LOWEST))
        start = LOWEST if output.dim() == 1 or output.shape[-1] == LOWEST else USUAL
    except Exception:  # how a network says that it begins later is its own affair
        start = USUAL
    return [resolution for resolution in (start << k for k in range(12)) if resolution <= images.resolution]


def check_generator_growth(generator: Any, inputs: Inputs, images: ImageSpec) -> None:
    """Require that images at (2R, alpha 0) are those at (R, 1) with their pixels doubled."""
    generator.eval()
    for resolution in resolutions_of(generator, images, lambda _: inputs)[:-1]:
        coarse = _grown(generator, resolution, 1.0, inputs)
        fine = _grown(generator, 2 * resolution, 0.0, inputs)
        require(
            fine.shape[-2:] == (2 * resolution, 2 * resolution),
            f"after grow({2 * resolution}, 0.0), its images are of {fine.shape[-2]}x{fine.shape[-1]}",
        )
        same = torch.allclose(fine, interpolate(coarse, scale_factor=2.0, mode="nearest"), rtol=1e-3, atol=1e-4)
        require(
            same,
            f"images at ({2 * resolution}, alpha 0) differ from those at ({resolution}, alpha 1) upsampled: "
            "the newest block must weigh nothing at alpha 0",
        )
    generator.grow(images.resolution, 1.0)


def check_discriminator_growth(discriminator: Any, inputs: Inputs, images: ImageSpec) -> None:
    """Require that logits at (2R, alpha 0) of upsampled images are those at (R, 1) of the images."""
    discriminator.eval()

    def shrunk(resolution: int) -> Inputs:
        return interpolate(inputs[0], size=(resolution, resolution), mode="area"), inputs[1]

    for resolution in resolutions_of(discriminator, images, shrunk)[:-1]:
        small = shrunk(resolution)[0]
        coarse = _grown(discriminator, resolution, 1.0, (small, inputs[1]))
        large = interpolate(small, scale_factor=2.0, mode="nearest")
        fine = _grown(discriminator, 2 * resolution, 0.0, (large, inputs[1]))
        require(
            torch.allclose(fine, coarse, rtol=1e-3, atol=1e-4),
            f"logits at ({2 * resolution}, alpha 0) of upsampled images differ from those at ({resolution}, alpha 1): "
            "the newest block must weigh nothing at alpha 0",
        )
    discriminator.grow(images.resolution, 1.0)


def _grown(network: Any, resolution: int, alpha: float, inputs: Inputs) -> Tensor:
    with doing(f"a forward after grow({resolution}, {alpha})"), torch.no_grad(), seeded():
        network.grow(resolution, alpha)
        return network(*inputs)
