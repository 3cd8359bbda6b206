"""Convolutions modulated by a style, with one weight shared by the whole batch.

Scaling the weight's inputs by s and its outputs by d, image by image, equals scaling what enters the convolution by s
and what leaves it by d. So one plain convolution serves the batch.

Paper: StyleGAN2, arXiv:1912.04958, section 2.2 and appendix B.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ganzoo import NoiseMode
from ganzoo.layers import (
    EqualizedLinear,
    activate,
    at_least_float32,
    convolve,
    fir_kernel,
    full_precision,
    half_type,
    per_image,
    smooth,
)

FIR_TAPS = (1, 3, 3, 1)  # `resample_kernel` of the official code
ACTIVATION_GAIN = math.sqrt(2)  # of leaky ReLU 0.2; as it is positively homogeneous, gains may be moved in front of it


def demodulation(weight: Tensor, styles: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Return what brings each output of a modulated convolution to deviation 1, `[N, O]`, in float32.

    Args:
        weight: `[O, I, K, K]`.
        styles: `[N, I]`.
        epsilon: Added to the sum of squares.
    """
    # Equation 3: the squared norm of each output's modulated weight. As styles scale inputs alone, it is a product of
    # squared styles and squared weights, and no weight per image is ever made.
    return torch.rsqrt(styles.square() @ weight.square().sum(dim=(2, 3)).t() + epsilon)


def bounded(styles: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return styles `[N, I]` of at most 1, and a weight `[O, I, K, K]` whose outputs cannot outgrow float16.

    Demodulation takes any scale out again, so results are the same (`modulated_conv2d` of StyleGAN2-ADA's code).
    """
    largest = weight.abs().amax(dim=(1, 2, 3), keepdim=True)
    fan_in = weight[0].numel()
    return styles / styles.abs().amax(dim=1, keepdim=True), weight / (largest * math.sqrt(fan_in))


def scaled(maps: Tensor, factors: Tensor) -> Tensor:
    """Multiply each map of `[N, C, H, W]` by its factor `[N, C]`; the result has the maps' type."""
    return maps * factors.to(maps.dtype)[:, :, None, None]


def convolve_up(maps: Tensor, weight: Tensor, kernel: Tensor) -> Tensor:
    """Convolve `[N, I, H, W]` with `[O, I, 3, 3]` between zeros, then filter: `[N, O, 2H, 2W]`.

    The weight lies as for a true convolution, flipped against that of other layers, as in the official code.
    """
    # Times 4 in the filter below, since three of every four pixels were zeros (upfirdn2d's gain).
    spread = convolve(maps, weight.transpose(0, 1), stride=2, transposed=True)
    return smooth(spread, kernel * 4, padding=(1, 1))


class StyledConv(nn.Module):
    """Modulated 3x3 convolution, demodulation, noise, bias, leaky ReLU 0.2 with gain sqrt(2).

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output.
        style_dim: W.
        resolution: Of the output.
        up: Whether the resolution is doubled.
        demodulate: Whether outputs are brought to deviation 1; without it, the weight is scaled by 1 / sqrt(fan in).
        clamp: Bound on what leaves, or None.
    """

    kernel: Tensor
    noise_const: Tensor

    def __init__(
        self,
        inputs: int,
        outputs: int,
        style_dim: int,
        resolution: int,
        *,
        up: bool,
        demodulate: bool,
        clamp: float | None,
    ) -> None:
        super().__init__()
        self.up, self.demodulate, self.clamp = up, demodulate, clamp
        # Scales begin at 1, so that networks begin with plain convolutions (the official code adds 1 to them).
        self.affine = EqualizedLinear(style_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        # One number per layer, 0 at first, where StyleGAN has one per map (official code): noise is added after
        # demodulation, where all maps are of one deviation.
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))
        self.register_buffer("kernel", fir_kernel(FIR_TAPS), persistent=False)
        # Demodulation makes any scale of the weight irrelevant; without it, this one keeps the deviation.
        self.plain_scale = 1 / math.sqrt(inputs * 9)

    def forward(self, features: Tensor, style: Tensor, mode: NoiseMode, gain: float = 1.0) -> Tensor:
        """Turn features `[N, I, H, W]` and styles `[N, W]` into features `[N, O, r, r]` times `gain`."""
        gain *= ACTIVATION_GAIN
        # Styles and their squares in float32: bfloat16 has eight bits for them.
        is_float16 = half_type(features) is torch.float16
        with full_precision(style):
            scales: Tensor = self.affine(style)
            weight: Tensor = self.weight
            if is_float16 and self.demodulate:
                scales, weight = bounded(scales, weight)
            factors = demodulation(weight, scales) * gain if self.demodulate else None
        if factors is None:
            scales = scales * (self.plain_scale * gain)
        modulated = scaled(features, scales)
        maps = convolve_up(modulated, weight, self.kernel) if self.up else convolve(modulated, weight, padding=1)
        return activate(
            maps,
            factors=factors,
            # Noise and bias are scaled where the activation's gain was moved in front of them.
            noise=self._noise(maps, mode),
            strength=self.noise_strength * gain,
            bias=self.bias * gain,
            # The bound is on what leaves, gains included (`conv_clamp` of StyleGAN2-ADA's code).
            bound=None if self.clamp is None else self.clamp * gain / ACTIVATION_GAIN,
        )

    def _noise(self, maps: Tensor, mode: NoiseMode) -> Tensor | None:
        if mode == "none":
            return None
        if mode == "constant":
            return self.noise_const
        count, _, height, width = maps.shape
        return per_image(lambda images: torch.randn(images, 1, height, width, device=maps.device), count)


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to image channels, without demodulation, in float32 from the bias on.

    Few outputs make it cheaper to modulate the weight than the features.
    """

    def __init__(self, inputs: int, channels: int, style_dim: int, *, clamp: float | None) -> None:
        super().__init__()
        self.clamp = clamp
        self.affine = EqualizedLinear(style_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(channels, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.scale = 1 / math.sqrt(inputs)

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Turn features `[N, I, H, W]` and styles `[N, W]` into images `[N, C, H, W]`."""
        with full_precision(style):
            # No demodulation: the image's own contrast is what styles are to change (official code).
            modulated = self.weight.flatten(1) * (self.affine(style) * self.scale)[:, None, :]
        pixels = features.permute(0, 2, 3, 1).flatten(1, 2) @ modulated.transpose(1, 2).to(features.dtype)
        images = (
            (at_least_float32(pixels) + self.bias)
            .reshape(features.shape[0], *features.shape[2:], -1)
            .permute(0, 3, 1, 2)
        )
        return images if self.clamp is None else images.clamp(-self.clamp, self.clamp)
