"""Blocks of the generator: two modulated convolutions with noise, and an image that is added to the coarser ones'."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.layers import at_least_float32, convolve, full_precision
from ganzoo_lucidrains.layers import SLOPE, Blur, doubled


class ModulatedConv(nn.Module):
    """A convolution without bias whose inputs a style scales, and whose outputs are brought to deviation 1.

    Scaling the weight's inputs and outputs image by image, as the package does, equals scaling what enters and leaves
    one plain convolution of the batch (arXiv:1912.04958, section 2.2).
    """

    def __init__(self, inputs: int, outputs: int, style_dim: int, kernel: int, *, demodulate: bool = True) -> None:
        super().__init__()
        self.style = nn.Linear(style_dim, inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        nn.init.kaiming_normal_(self.weight, a=0.0, mode="fan_in", nonlinearity="leaky_relu")
        self.demodulate = demodulate

    def forward(self, maps: Tensor, style: Tensor) -> Tensor:
        """Turn maps `[N, I, H, W]` and styles `[N, W]` into maps `[N, O, H, W]`."""
        with full_precision(style):
            # Learned around a scale of 1, so that the network begins with plain convolutions.
            scales = self.style(style) + 1
        made = convolve(maps * _as_maps(scales, maps), self.weight, padding=self.weight.shape[-1] // 2)
        if not self.demodulate:
            return made
        with full_precision(style):
            # Equation 3: the norm of each output's modulated weight.
            squares = scales.square() @ self.weight.square().sum(dim=(2, 3)).t()
            factors = torch.rsqrt(squares + 1e-8)
        return made * _as_maps(factors, made)


class NoisyLayer(nn.Module):
    """Modulated 3x3 convolution, noise with a weight per map, bias, leaky ReLU 0.2."""

    def __init__(self, inputs: int, outputs: int, style_dim: int) -> None:
        super().__init__()
        self.conv = ModulatedConv(inputs, outputs, style_dim, 3)
        # Zero at first, as the package draws them.
        self.noise_weight = nn.Parameter(torch.zeros(outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, maps: Tensor, style: Tensor, noise: Tensor | None) -> Tensor:
        """Turn maps `[N, I, H, W]`, styles `[N, W]` and noise `[..., H, W]` into maps `[N, O, H, W]`."""
        made = self.conv(maps, style) + _as_maps(self.bias, maps)
        if noise is not None:
            made = made + _as_maps(self.noise_weight, maps) * noise.to(made.dtype)
        return F.leaky_relu(made, SLOPE)


class Block(nn.Module):
    """One resolution: maps doubled bilinearly, two layers, and the image of this resolution.

    Args:
        inputs: Channels of the coarser maps.
        outputs: Channels of the block's own.
        channels: Of the image.
        style_dim: W; one style serves the whole block.
        up: Whether maps are doubled: not at 4x4.
        up_image: Whether the image is doubled for the next block: not in the last.
    """

    def __init__(self, inputs: int, outputs: int, channels: int, style_dim: int, *, up: bool, up_image: bool) -> None:
        super().__init__()
        self.up = up
        self.first = NoisyLayer(inputs, outputs, style_dim)
        self.second = NoisyLayer(outputs, outputs, style_dim)
        self.to_rgb = ModulatedConv(outputs, channels, style_dim, 1, demodulate=False)
        self.blur = Blur() if up_image else None

    def forward(self, maps: Tensor, image: Tensor | None, style: Tensor, noise: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return this block's maps `[N, O, r, r]`, and the image so far, in the next block's resolution."""
        maps = doubled(maps) if self.up else maps
        maps = self.second(self.first(maps, style, noise), style, noise)
        newer = self.to_rgb(maps, style)
        with full_precision(newer):
            # Float32: a sum over all resolutions, each a little detail on a large value.
            newer = at_least_float32(newer)
            image = newer if image is None else image + newer
            return maps, image if self.blur is None else self.blur(doubled(image))

    def styles(self) -> list[Tensor]:
        """Return the weights `[I, W]` by which its three layers see the style."""
        return [layer.style.weight for layer in (self.first.conv, self.second.conv, self.to_rgb)]


def _as_maps(values: Tensor, maps: Tensor) -> Tensor:
    return values.to(maps.dtype)[..., None, None]
