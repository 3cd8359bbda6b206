"""Decoders of FastGAN's critic: feature maps back to small images (arXiv:2101.04775, section 3.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from ganzoo_fastgan.layers import UpBlock, convolution

_START = 8  # Side that maps are brought to first (the authors' SimpleDecoder).
_WIDTHS = (4, 2, 2, 1)  # Channels of the blocks, relative to the last of theirs.


class Decoder(nn.Module):
    """Features `[N, C, ...]` to images `[N, channels, side, side]` in [-1, 1], by few layers: features do the work.

    Args:
        inputs: Channels of the features.
        channels: Channels of the images.
        side: Their side, a power of two.
        width: Channels of the last maps of a decoder to 128 pixels; those before have up to four times as many.
    """

    def __init__(self, inputs: int, channels: int, side: int, width: int) -> None:
        super().__init__()
        self.start = min(_START, side)
        doublings = round(math.log2(side / self.start))
        widths = [inputs, *(width * _WIDTHS[min(number, len(_WIDTHS) - 1)] for number in range(doublings))]
        # As the generator's layers, without their noise.
        self.blocks = nn.ModuleList(
            UpBlock(widths[number], widths[number + 1], self.start << (number + 1), 0, composed=False)
            for number in range(doublings)
        )
        self.to_rgb = convolution(widths[-1], channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        # Vectors are maps of one place.
        maps = features if features.dim() == 4 else features.reshape(features.shape[0], -1, 1, 1)
        maps = adaptive_avg_pool2d(maps, self.start)
        for block in self.blocks:
            maps = block(maps, None)
        images: Tensor = self.to_rgb(maps)
        return torch.tanh(images)
