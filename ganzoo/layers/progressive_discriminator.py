"""Progressive discriminator of ProGAN and StyleGAN: halving blocks that can grow, and a head on 4x4."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.layers.channels import LOWEST_RESOLUTION, channels_at, resolutions
from ganzoo.layers.equalized import EqualizedConv2d, EqualizedLinear
from ganzoo.layers.fused import EqualizedDownConv2d
from ganzoo.layers.growth import Growth
from ganzoo.layers.normalization import MinibatchStd
from ganzoo.layers.resample import fir_kernel, smooth

Activation = Literal["leaky-relu", "none"]
Widening = Literal["second", "first"]
_GAIN = math.sqrt(2)


class ProgressiveCritic(nn.Module):
    """Images `[N, C, r, r]` to logits `[N]`, at any resolution r from 4 to that of the data.

    Parameters: `from_rgb.<resolution>`, `blocks.<resolution>.first` and `.second` (the halving one),
    `head.convolution`, `head.dense`, `head.logit`. Each weight is used times gain / sqrt(fan-in), the gain sqrt(2)
    but for `head.logit`, where it is 1. Classes: the logit is the score of the image's class.

    Paper: ProGAN, arXiv:1710.10196, appendix A; StyleGAN, arXiv:1812.04948, appendix C.

    Args:
        resolution: Of the finest images.
        channels: C.
        label_dim: L; 0 for none.
        channel_base: Channels are min(channel_base / resolution, channel_max).
        channel_max: See there.
        group: Images per group of the minibatch standard deviation; 0: the batch; 1: none.
        blur: Taps of the filter before each halving; none if empty.
        from_rgb_activation: What follows the layers that read images.
        widening: Which layer of a block goes over to the channels of the next.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        label_dim: int,
        channel_base: int,
        channel_max: int,
        *,
        group: int = 4,
        blur: Sequence[float] = (),
        from_rgb_activation: Activation = "leaky-relu",
        widening: Widening = "second",
    ) -> None:
        super().__init__()
        self.growth = Growth(resolution)
        self.rgb_slope = 0.2 if from_rgb_activation == "leaky-relu" else 1.0

        def width(at: int) -> int:
            return channels_at(at, channel_base, channel_max)

        # Every resolution reads images for itself: that of the phase, and the one below while a block fades in.
        self.from_rgb = nn.ModuleDict(
            {str(each): EqualizedConv2d(channels, width(each), 1, gain=_GAIN) for each in resolutions(resolution)}
        )
        self.blocks = nn.ModuleDict(
            {str(each): _Halving(width(each), width(each // 2), blur, widening) for each in resolutions(resolution)[1:]}
        )
        self.head = _Head(width(LOWEST_RESOLUTION), width(LOWEST_RESOLUTION // 2), max(label_dim, 1), group)

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution` from now on, the newest block weighing `alpha`."""
        self.growth = Growth(resolution, alpha)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Judge images of the present resolution."""
        # From the finest block in use down to 4x4; finer ones wait for their phase.
        highest = self.growth.resolution
        features = self._read(images, highest)
        for resolution in reversed(self.growth.resolutions[1:]):
            features = self.blocks[str(resolution)](features)
            if resolution == highest and self.growth.fades:
                # The newest block is mixed with what is read of the images halved (arXiv:1710.10196, figure 2).
                read = self._read(F.avg_pool2d(images, 2), highest // 2)
                features = torch.lerp(read, features, self.growth.alpha)
        # One score per class, of which an image gets that of its own: the rule of StyleGAN's code with labels.
        scores = self.head(features)
        return scores.squeeze(1) if labels.shape[1] == 0 else (scores * labels).sum(dim=1)

    def _read(self, images: Tensor, resolution: int) -> Tensor:
        features: Tensor = self.from_rgb[str(resolution)](images)
        return features if self.rgb_slope == 1.0 else F.leaky_relu_(features, self.rgb_slope)


class _Halving(nn.Module):
    """`[N, inputs, 2H, 2W]` to `[N, outputs, H, W]`: a convolution, the filter, a halving convolution."""

    kernel: Tensor | None

    def __init__(self, inputs: int, outputs: int, blur: Sequence[float], widening: Widening) -> None:
        super().__init__()
        # In the official code the convolution that halves goes over to the wider maps; in popular copies the first.
        middle = inputs if widening == "second" else outputs
        self.first = EqualizedConv2d(inputs, middle, 3, gain=_GAIN)
        self.second = EqualizedDownConv2d(middle, outputs, gain=_GAIN)
        self.register_buffer("kernel", fir_kernel(blur) if blur else None, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        # Low-pass before halving (Zhang, arXiv:1904.11486): StyleGAN's change to ProGAN's block (appendix C).
        features = F.leaky_relu_(self.first(features), 0.2)
        if self.kernel is not None:
            features = smooth(features, self.kernel)
        return F.leaky_relu_(self.second(features), 0.2)


class _Head(nn.Module):
    """`[N, C, 4, 4]` to scores `[N, outputs]`."""

    def __init__(self, inputs: int, width: int, outputs: int, group: int) -> None:
        super().__init__()
        self.deviation = MinibatchStd(group)
        # One more map comes in: how much the images of a group differ (ProGAN, section 3).
        self.convolution = EqualizedConv2d(inputs + 1, inputs, 3, gain=_GAIN)
        self.dense = EqualizedLinear(inputs * LOWEST_RESOLUTION**2, width, gain=_GAIN)
        # Gain 1: no activation follows (official code of ProGAN, networks.py).
        self.logit = EqualizedLinear(width, outputs)

    def forward(self, features: Tensor) -> Tensor:
        features = F.leaky_relu_(self.convolution(self.deviation(features)), 0.2)
        return self.logit(F.leaky_relu_(self.dense(features.flatten(1)), 0.2))
