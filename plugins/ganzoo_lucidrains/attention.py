"""Attention among the pixels of a map, linear in their number, and the layer after it.

Papers: Shen et al., arXiv:1812.01243 (efficient attention); the depthwise keys and values are the package's own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.layers import at_least_float32, full_precision
from ganzoo_lucidrains.layers import SLOPE, Convolution

HEADS, HEAD_WIDTH = 8, 64  # the package's, for maps of any width


class ChannelNorm(nn.Module):
    """Each pixel of `[N, C, H, W]` to mean 0 and variance 1 over its channels, then scale and shift per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, maps: Tensor) -> Tensor:
        """Normalize maps."""
        with full_precision(maps):
            values = at_least_float32(maps).permute(0, 2, 3, 1)
            # 1e-5 on the variance: the package's, of version 1.8.1 on.
            return F.layer_norm(values, values.shape[-1:], self.scale, self.shift, 1e-5).permute(0, 3, 1, 2)


class LinearAttention(nn.Module):
    """Queries see a summary of all keys and values: 64 x 64 numbers a head, whatever the size of the map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = HEADS * HEAD_WIDTH
        self.queries = Convolution(channels, inner, 1, bias=False)
        self.neighbors = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.keys_and_values = Convolution(channels, 2 * inner, 1, bias=False)
        self.out = Convolution(inner, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn `[N, C, H, W]` into as much."""
        count, _, height, width = maps.shape
        keys, values = self.keys_and_values(self.neighbors(maps)).chunk(2, dim=1)
        # To [N, heads, pixels, numbers of a head].
        queries, keys, values = (
            each.reshape(count, HEADS, HEAD_WIDTH, height * width).transpose(2, 3)
            for each in (self.queries(maps), keys, values)
        )
        # Softmax over a query's own numbers and over all pixels of keys: their product is as if it were one of both.
        summary = keys.softmax(dim=2).transpose(2, 3) @ values
        seen = (queries.softmax(dim=3) * HEAD_WIDTH**-0.5) @ summary
        return self.out(F.gelu(seen.transpose(2, 3).reshape(count, -1, height, width)))


class Attention(nn.Module):
    """Attention and two 1x1 convolutions, each on normalized maps and added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.before = ChannelNorm(channels)
        self.attention = LinearAttention(channels)
        self.between = ChannelNorm(channels)
        self.widen = Convolution(channels, 2 * channels, 1)
        self.narrow = Convolution(2 * channels, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn `[N, C, H, W]` into as much."""
        maps = maps + self.attention(self.before(maps))
        return maps + self.narrow(F.leaky_relu(self.widen(self.between(maps)), SLOPE))
