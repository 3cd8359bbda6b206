"""Blocks of StyleGAN2's synthesis networks."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo import NoiseMode
from ganzoo.layers import EqualizedConv2d, channels_at, fir_kernel, resolutions, upsample
from ganzoo_stylegan2.modulation import FIR_TAPS, StyledConv, ToRGB
from ganzoo_stylegan2.shell import ShellOptions

HALF = math.sqrt(0.5)  # keeps the variance of a sum of two branches


class FirstBlock(nn.Module):
    """The learned constant and one styled convolution, at 4x4."""

    def __init__(self, channels: int, options: ShellOptions) -> None:
        super().__init__()
        # N(0, 1), where StyleGAN has ones (official code).
        self.constant = nn.Parameter(torch.randn(1, channels, 4, 4))
        self.conv1 = _styled_conv(channels, channels, 4, options, up=False)

    def forward(self, styles: Tensor, mode: NoiseMode) -> Tensor:
        """Turn styles `[N, 1, W]` into features `[N, C, 4, 4]`, channels last in memory."""
        # Channels last from the first map on: every layer below then works in that order without copies.
        constant = self.constant.contiguous(memory_format=torch.channels_last)
        return self.conv1(constant.expand(styles.shape[0], -1, -1, -1), styles[:, 0], mode)


class Block(nn.Module):
    """Two styled convolutions of which the first doubles the resolution; with a shortcut if `residual`."""

    kernel: Tensor

    def __init__(self, inputs: int, outputs: int, resolution: int, options: ShellOptions, *, residual: bool) -> None:
        super().__init__()
        self.conv0 = _styled_conv(inputs, outputs, resolution, options, up=True)
        self.conv1 = _styled_conv(outputs, outputs, resolution, options, up=False)
        self.shortcut = EqualizedConv2d(inputs, outputs, 1, gain=HALF, bias=None) if residual else None
        self.register_buffer("kernel", fir_kernel(FIR_TAPS), persistent=False)

    def forward(self, features: Tensor, styles: Tensor, mode: NoiseMode) -> Tensor:
        """Turn features `[N, I, H, W]` and styles `[N, 2, W]` into features `[N, O, 2H, 2W]`."""
        if self.shortcut is None:
            return self.conv1(self.conv0(features, styles[:, 0], mode), styles[:, 1], mode)
        # (x + t) / sqrt(2), the root being in both gains: the variance of one branch (figure 7).
        maps = self.conv1(self.conv0(features, styles[:, 0], mode), styles[:, 1], mode, HALF)
        return upsample(self.shortcut(features), self.kernel).add_(maps)


def _styled_conv(inputs: int, outputs: int, resolution: int, options: ShellOptions, *, up: bool) -> StyledConv:
    return StyledConv(
        inputs, outputs, options.style_dim, resolution, up=up, demodulate=options.demodulate, clamp=options.clamp
    )


def widths(options: ShellOptions, resolution: int) -> dict[int, int]:
    """Return the channels of the feature maps from 4x4 to `resolution`."""
    return {each: channels_at(each, options.channel_base, options.channel_max) for each in resolutions(resolution)}


def blocks(options: ShellOptions, resolution: int, *, residual: bool = False) -> nn.ModuleDict:
    """Return the blocks from 4x4 to `resolution`, each under its own."""
    channels = widths(options, resolution)
    found: dict[str, nn.Module] = {"4": FirstBlock(channels[4], options)}
    for each in resolutions(resolution)[1:]:
        found[str(each)] = Block(channels[each // 2], channels[each], each, options, residual=residual)
    return nn.ModuleDict(found)


def to_rgb(options: ShellOptions, resolution: int, channels: int) -> ToRGB:
    """Return the toRGB layer of the features at `resolution`."""
    width = channels_at(resolution, options.channel_base, options.channel_max)
    return ToRGB(width, channels, options.style_dim, clamp=options.clamp)


def of_block(styles: Tensor, index: int) -> Tensor:
    """Return the styles `[N, 1 or 2, W]` of the convolutions of block `index`."""
    # Style 0 is that of 4x4; then two a block. The last of a block is also its image's (official code).
    return styles[:, max(2 * index - 1, 0) : 2 * index + 1]


def of_image(styles: Tensor, index: int) -> Tensor:
    """Return the style `[N, W]` of the toRGB layer after block `index`, which the next block has too."""
    return styles[:, 2 * index + 1]


def affine_weights(convolutions: nn.ModuleDict, to_rgb: nn.ModuleDict) -> list[tuple[int, Tensor]]:
    """Return the style weights `[O, W]` of all layers as they are used, each with the number of its style."""
    found: list[tuple[int, Tensor]] = []
    blocks, outlets = dict[str, Any](convolutions.items()), dict[str, Any](to_rgb.items())
    for index, (resolution, block) in enumerate(blocks.items()):
        layers = [layer for layer in (getattr(block, "conv0", None), block.conv1) if layer is not None]
        found += [(max(2 * index - 1, 0) + number, layer.affine.scaled_weight()) for number, layer in enumerate(layers)]
        if resolution in outlets:
            found.append((2 * index + 1, outlets[resolution].affine.scaled_weight()))
    return found
