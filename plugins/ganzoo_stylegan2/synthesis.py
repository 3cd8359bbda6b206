"""The blocks of StyleGAN2's synthesis networks."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ganzoo import NoiseMode
from ganzoo.layers import EqualizedConv2d, channels_at, fir_kernel, sides, upsample
from ganzoo_stylegan2.modulation import FIR_TAPS, StyledConv, ToRGB
from ganzoo_stylegan2.styled import StyledOptions

HALF = math.sqrt(0.5)  # keeps the variance of a sum of two branches


class FirstBlock(nn.Module):
    """The learned constant and one styled convolution, at 4x4."""

    def __init__(self, channels: int, options: StyledOptions) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.randn(1, channels, 4, 4))
        self.conv1 = _styled_conv(channels, channels, 4, options, up=False)

    def forward(self, styles: Tensor, mode: NoiseMode) -> Tensor:
        """Turn styles `[N, 1, W]` into features `[N, C, 4, 4]`, channels last in memory."""
        constant = self.constant.contiguous(memory_format=torch.channels_last)
        return self.conv1(constant.expand(styles.shape[0], -1, -1, -1), styles[:, 0], mode)


class Block(nn.Module):
    """Two styled convolutions of which the first doubles the side; with a shortcut if `residual`."""

    kernel: Tensor

    def __init__(self, inputs: int, outputs: int, side: int, options: StyledOptions, *, residual: bool) -> None:
        super().__init__()
        self.conv0 = _styled_conv(inputs, outputs, side, options, up=True)
        self.conv1 = _styled_conv(outputs, outputs, side, options, up=False)
        self.shortcut = EqualizedConv2d(inputs, outputs, 1, gain=HALF, bias=None) if residual else None
        self.register_buffer("kernel", fir_kernel(FIR_TAPS), persistent=False)

    def forward(self, features: Tensor, styles: Tensor, mode: NoiseMode) -> Tensor:
        """Turn features `[N, I, H, W]` and styles `[N, 2, W]` into features `[N, O, 2H, 2W]`."""
        if self.shortcut is None:
            return self.conv1(self.conv0(features, styles[:, 0], mode), styles[:, 1], mode)
        maps = self.conv1(self.conv0(features, styles[:, 0], mode), styles[:, 1], mode, HALF)
        return upsample(self.shortcut(features), self.kernel).add_(maps)


def _styled_conv(inputs: int, outputs: int, side: int, options: StyledOptions, *, up: bool) -> StyledConv:
    return StyledConv(
        inputs, outputs, options.style_dim, side, up=up, demodulate=options.demodulate, clamp=options.clamp
    )


def widths(options: StyledOptions, resolution: int) -> dict[int, int]:
    """Return the channels of the feature maps by side."""
    return {side: channels_at(side, options.channel_base, options.channel_max) for side in sides(resolution)}


def style_count(resolution: int) -> int:
    """Return the styles of a synthesis network: one for each convolution, and one for the last image."""
    return 2 * len(sides(resolution))


def blocks(options: StyledOptions, resolution: int, *, residual: bool = False) -> nn.ModuleDict:
    """Return the blocks from 4x4 to `resolution`, by side."""
    channels = widths(options, resolution)
    found: dict[str, nn.Module] = {"4": FirstBlock(channels[4], options)}
    for side in sides(resolution)[1:]:
        found[str(side)] = Block(channels[side // 2], channels[side], side, options, residual=residual)
    return nn.ModuleDict(found)


def to_rgb(options: StyledOptions, side: int, channels: int) -> ToRGB:
    """Return the toRGB layer of features of `side`."""
    width = channels_at(side, options.channel_base, options.channel_max)
    return ToRGB(width, channels, options.style_dim, clamp=options.clamp)


def of_block(styles: Tensor, index: int) -> Tensor:
    """Return the styles `[N, 1 or 2, W]` of the convolutions of block `index`."""
    return styles[:, max(2 * index - 1, 0) : 2 * index + 1]


def of_image(styles: Tensor, index: int) -> Tensor:
    """Return the style `[N, W]` of the toRGB layer after block `index`, which the next block has too."""
    return styles[:, 2 * index + 1]
