"""Equivariance: how exactly images move with what is generated, when it is shifted (EQ-T) or turned (EQ-R)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from ganzoo import (
    ComponentOptions,
    Display,
    Estimate,
    Metric,
    MetricInput,
    NoiseInputs,
    RecipeContext,
    ScoredNetworks,
    Transformable,
)

_SHIFT = 1 / 8  # of the side: the largest shift either way (appendix E)
_PEAK = 2.0  # images are from -1 to 1
_RADIUS = 5  # pixels that the filter of EQ-R reaches
_CUTOFF = 0.4  # of that filter, in periods per pixel: what pixels can carry in all directions, less its slope
_BEST = 1e-12  # squared differences below are rounding


class EquivarianceOptions(ComponentOptions):
    """How many images."""

    # Appendix E: 50,000.
    samples: int = Field(default=1000, ge=2, description="Images averaged over; the paper takes 50,000.")


class _Equivariance(Metric[EquivarianceOptions]):
    """Decibels between images of what was moved, and moved images; more is better."""

    reads = ()
    uses_reference = False
    generator_must_be = Transformable
    Options = EquivarianceOptions

    @classmethod
    def example_options(cls, folder: Path) -> EquivarianceOptions:
        return EquivarianceOptions(samples=4)

    def shortage(self, generated: int, reference: int) -> str | None:
        return None

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 0.0  # all of it is drawing images

    def images_drawn(self) -> int:
        return 2 * self.options.samples

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        assert data.networks is not None, "lent to every metric that asks for a capability"
        (key,) = type(self).values
        return {key: decibels(self.differences(data.networks))}

    @torch.no_grad()
    def differences(self, networks: ScoredNetworks) -> Tensor:
        """Return for each image the sum of squared differences and how many there are, float64 `[n, 2]`."""
        generator: Any = networks.generator
        if isinstance(generator, NoiseInputs):
            generator.use_noise("constant")
        rng, found = torch.Generator().manual_seed(networks.seed), []
        try:
            for start in range(0, self.options.samples, networks.batch_size):
                rows = torch.arange(start, min(start + networks.batch_size, self.options.samples))
                labels = networks.labels[rows % len(networks.labels)].to(networks.device)
                latents = generator.sample_latents(len(rows), rng).to(networks.device)
                generator.use_transform(None)
                still = generator(latents, labels).float()
                moves = self._moves(len(rows), still.shape[-1], rng)
                generator.use_transform(moves.to(networks.device))
                moved = generator(latents, labels).float()
                found.append(self._apart(still, moved, moves))
        finally:
            generator.use_transform(None)
        return torch.cat(found)

    def _moves(self, count: int, resolution: int, rng: torch.Generator) -> Tensor:
        """Draw transforms `[N, 3, 3]`, as `Transformable` takes them."""
        raise NotImplementedError

    def _apart(self, still: Tensor, moved: Tensor, moves: Tensor) -> Tensor:
        """Compare images `[N, C, R, R]` moved by hand with those moved by the network; see `differences`."""
        raise NotImplementedError


class TranslationEquivariance(_Equivariance):
    """Equivariance to shifts by whole pixels up to an eighth of the image (EQ-T), in dB; needs no real image.

    Paper: StyleGAN3, arXiv:2106.12423, section 2 and appendix E.
    """

    name = "eq-t"
    values: ClassVar[Mapping[str, Display]] = {
        "eq_t": Display("EQ-T", lower_is_better=False, unit="dB", transform="raw")
    }

    def _moves(self, count: int, resolution: int, rng: torch.Generator) -> Tensor:
        pixels = ((2 * torch.rand(count, 2, generator=rng) - 1) * _SHIFT * resolution).round()
        moves = torch.eye(3).repeat(count, 1, 1)
        moves[:, :2, 2] = pixels / resolution
        return moves

    def _apart(self, still: Tensor, moved: Tensor, moves: Tensor) -> Tensor:
        side, found = still.shape[-1], []
        for before, after, (right, down) in zip(still, moved, (moves[:, :2, 2] * side).round().int(), strict=True):
            # What both show: the part that is not shifted out of the image.
            seen = after[:, max(0, down) : side + min(0, down), max(0, right) : side + min(0, right)]
            expected = before[:, max(0, -down) : side + min(0, -down), max(0, -right) : side + min(0, -right)]
            found.append([float((seen - expected).double().square().sum()), float(seen.numel())])
        return torch.tensor(found, dtype=torch.float64)


class RotationEquivariance(_Equivariance):
    """Equivariance to rotations by any angle (EQ-R), in dB; needs no real image.

    Images are turned, and those of what was turned are filtered alike, by a radial filter, a jinc of 5 pixels; the
    authors' filter is separable, so that values differ a little from theirs.

    Paper: StyleGAN3, arXiv:2106.12423, section 2 and appendix E.
    """

    name = "eq-r"
    values: ClassVar[Mapping[str, Display]] = {
        "eq_r": Display("EQ-R (jinc)", lower_is_better=False, unit="dB", transform="raw")
    }

    @classmethod
    def incompatibility(cls, options: EquivarianceOptions, context: RecipeContext) -> str | None:
        if context.images.resolution > 2 * _RADIUS + 2:
            return None
        return f"a filter of {_RADIUS} pixels leaves nothing of {context.images.resolution}: take images of 16 or more"

    def _moves(self, count: int, resolution: int, rng: torch.Generator) -> Tensor:
        angles = 2 * math.pi * torch.rand(count, generator=rng)
        moves = torch.eye(3).repeat(count, 1, 1)
        moves[:, 0, 0] = moves[:, 1, 1] = angles.cos()
        moves[:, 1, 0], moves[:, 0, 1] = angles.sin(), -angles.sin()
        return moves

    def _apart(self, still: Tensor, moved: Tensor, moves: Tensor) -> Tensor:
        side = still.shape[-1]
        axis = torch.arange(side, device=still.device) - (side - 1) / 2
        places = torch.stack([axis.expand(side, side), axis[:, None].expand(side, side)], dim=2)
        before = places @ moves[:, None, :2, :2].to(places)  # the inverse of a rotation is its transpose
        # What both filters see whole.
        inside = torch.maximum(places.abs(), before.abs()).amax(dim=3) <= (side - 1) / 2 - _RADIUS
        apart = filtered_at(still, before) - filtered_at(moved, places[None])
        squares = (apart.double().square() * inside[:, None]).sum(dim=(1, 2, 3))
        return torch.stack([squares, still.shape[1] * inside.sum(dim=(1, 2)).double()], dim=1).cpu()


def filtered_at(images: Tensor, places: Tensor) -> Tensor:
    """Return `[N, C, H, W]`: images `[N, C, R, R]`, filtered radially, at places `[N, H, W, 2]` from the center."""
    side = images.shape[-1]
    pixels = places + (side - 1) / 2
    nearest = pixels.floor()
    each = torch.arange(len(images), device=images.device)[:, None, None]
    total, weights = images.new_zeros(()), images.new_zeros(())
    for down in range(1 - _RADIUS, _RADIUS + 1):
        for right in range(1 - _RADIUS, _RADIUS + 1):
            at = nearest + torch.tensor([right, down], device=images.device)
            weight = _radial((at - pixels).norm(dim=3))[..., None]
            column, row = at.long().clamp(0, side - 1).unbind(dim=3)
            total, weights = total + weight * images[each, :, row, column], weights + weight
    return (total / weights).permute(0, 3, 1, 2)


def _radial(distance: Tensor) -> Tensor:
    """Return the filter at distances in pixels: a jinc that a raised cosine ends."""
    argument = 2 * math.pi * _CUTOFF * distance.clamp(min=1e-4)
    window = (math.pi / 2 * (distance / _RADIUS).clamp(max=1)).cos().square()
    return torch.special.bessel_j1(argument) / argument * window


def decibels(found: Tensor) -> Estimate:
    """Return the peak signal-to-noise ratio of all images together, from sums and counts `[n, 2]`, and its error."""
    squares, counts = found.unbind(dim=1)
    mean = max(float(squares.sum() / counts.sum()), _BEST)
    # Of a ratio of sums: the deviation of what each image adds beyond its share, by the slope of the logarithm.
    rest = (squares - mean * counts) / counts.mean()
    error = float(rest.std()) / math.sqrt(len(found)) if len(found) > 1 else 0.0
    return Estimate(10 * math.log10(_PEAK**2 / mean), 10 / math.log(10) * error / mean)
