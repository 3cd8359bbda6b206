"""Alias-free layer: a modulated convolution, and a filtered leaky ReLU behind it.

Paper: StyleGAN3, arXiv:2106.12423, section 3.2 and appendix D.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ganzoo.layers import EqualizedLinear, at_least_float32, batch_mean, convolve, full_precision
from ganzoo_stylegan3.activation import FilteredLeakyReLU
from ganzoo_stylegan3.filters import low_pass
from ganzoo_stylegan3.plan import Band

TAPS = 6  # section 3.2: n = 6
OVERSAMPLING = 2  # section 3.2: m = 2
_EPSILON = 1e-8  # of the official code


class LayerSettings(NamedTuple):
    """What all layers have in common.

    Attributes:
        style_dim: W.
        kernel: Size of the kernels: 3, or 1 where rotations are to be followed as well.
        radial: Whether downsampling treats all directions alike.
        clamp: Bound on what leaves a layer, or None.
        magnitude_beta: Share that the tracked magnitude of a layer's input keeps at each batch.
        taps: Of filters, per sample of the lower rate.
        oversampling: Rate of the leaky ReLU over the higher of those before and behind it.
    """

    style_dim: int
    kernel: int
    radial: bool
    clamp: float | None
    magnitude_beta: float
    taps: int = TAPS
    oversampling: int = OVERSAMPLING


class AliasFreeLayer(nn.Module):
    """Modulated convolution with demodulation, bias, filtered leaky ReLU; or, `to_image`, a 1x1 one with a bias alone.

    Features are divided by the root of their mean square, tracked over batches: a fixed number where images are
    sampled, so that no image's own statistics carry anything from one place of it to another.

    Args:
        before: What it is given.
        after: What it gives.
        settings: Of all layers.
        critical: Whether it is sampled critically; then its filter is separable whatever the settings say.
        to_image: Whether it is the last.
    """

    magnitude_ema: Tensor

    def __init__(
        self, before: Band, after: Band, settings: LayerSettings, *, critical: bool = False, to_image: bool = False
    ) -> None:
        super().__init__()
        self.settings = settings
        self.kernel = 1 if to_image else settings.kernel
        # Scales begin at 1, as in StyleGAN2.
        self.affine = EqualizedLinear(settings.style_dim, before.channels, bias=1.0)
        self.weight = nn.Parameter(torch.randn(after.channels, before.channels, self.kernel, self.kernel))
        self.bias = nn.Parameter(torch.zeros(after.channels))
        self.register_buffer("magnitude_ema", torch.ones(()))
        self.activation = None if to_image else _activation(before, after, settings, critical)

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Turn features `[N, I, H, H]` and styles `[N, W]` into features `[N, O, R, R]`."""
        gain = self._input_gain(features)
        # Float32 for all that is a square: bfloat16 has eight bits for it.
        with full_precision(style):
            scales, weight, factors = self._modulation(style)
        scaled = features * scales.to(features.dtype)[:, :, None, None]
        # Zeros all around, so that nothing of the margin is lost yet: the filters cut it off.
        maps = convolve(scaled, weight, padding=self.kernel - 1)
        maps = maps * (factors * gain).to(maps.dtype)[:, :, None, None] + self.bias.to(maps.dtype)[:, None, None]
        if self.activation is not None:
            activated: Tensor = self.activation(maps)
            return activated
        bound = self.settings.clamp
        return maps if bound is None else maps.clamp(-bound, bound)

    def _input_gain(self, features: Tensor) -> Tensor:
        """Return what brings the features to magnitude 1, as tracked so far; training tracks on."""
        gain = self.magnitude_ema.rsqrt()
        if self.training:
            # Tracked after it is read, unlike in the official code: so no image sees the others of its batch, and the
            # difference is one step of a mean over thousands.
            with torch.no_grad():
                squares = at_least_float32(features.detach()).square().mean(dim=(1, 2, 3))
                self.magnitude_ema.lerp_(batch_mean(squares), 1 - self.settings.magnitude_beta)
        return gain

    def _modulation(self, style: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return scales of what comes in `[N, I]`, the weight `[O, I, K, K]`, and factors on what leaves `[N, O]`."""
        scales: Tensor = self.affine(style)
        if self.activation is None:
            # To the image without demodulation: its contrast is what styles are to change (as in StyleGAN2).
            return scales / math.sqrt(scales.shape[1]), self.weight, scales.new_ones(1, 1)
        # Both to magnitude 1 first, which demodulation takes out again: so float16 holds what is between.
        weight = self.weight * (self.weight.square().mean(dim=(1, 2, 3), keepdim=True) + _EPSILON).rsqrt()
        scales = scales * (scales.square().mean(dim=1, keepdim=True) + _EPSILON).rsqrt()
        factors = torch.rsqrt(scales.square() @ weight.square().sum(dim=(2, 3)).t() + _EPSILON)
        return scales, weight, factors


def filters_between(before: Band, after: Band, settings: LayerSettings, *, critical: bool) -> tuple[Tensor, Tensor]:
    """Return the filters before and behind the leaky ReLU between two bands, each with sum 1.

    What comes in is bounded by its own band, what leaves by the next one; the latter may be radial. Where a rate stays
    as it is, nothing is filtered: the filter is a single 1.
    """
    up, down = _factors(before, after, settings)
    rate = before.rate * up
    radial = settings.radial and not critical
    return (
        low_pass(_taps(up, settings), cutoff=before.cutoff, half_width=before.half_width, rate=rate),
        low_pass(_taps(down, settings), cutoff=after.cutoff, half_width=after.half_width, rate=rate, radial=radial),
    )


def _activation(before: Band, after: Band, settings: LayerSettings, critical: bool) -> FilteredLeakyReLU:
    """Return the filtered leaky ReLU from one band to another."""
    up, down = _factors(before, after, settings)
    return FilteredLeakyReLU(
        *filters_between(before, after, settings, critical=critical),
        inputs=before.size + settings.kernel - 1,
        outputs=after.size,
        up=up,
        down=down,
        clamp=settings.clamp,
    )


def _factors(before: Band, after: Band, settings: LayerSettings) -> tuple[int, int]:
    """Return how many samples at the leaky ReLU's rate there are for each that comes in, and for each that leaves."""
    rate = max(before.rate, after.rate) * settings.oversampling
    return rate // before.rate, rate // after.rate


def _taps(factor: int, settings: LayerSettings) -> int:
    return settings.taps * factor if factor > 1 else 1
