"""Random mixing of feature maps across channels and scales, which nothing trains (arXiv:2111.01007, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate


class RandomConvolution(nn.Module):
    """A convolution whose weights are drawn once (Kaiming, arXiv:1502.01852) and saved, and never trained."""

    weight: Tensor
    bias: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        # Drawn by torch's own layer, whose default the authors leave as it is: uniform, Kaiming's with slope sqrt(5).
        drawn = nn.Conv2d(inputs, outputs, kernel)
        # Saved, unlike the pretrained weights: no package has them, and another torch may draw others.
        self.register_buffer("weight", drawn.weight.detach().clone())
        self.register_buffer("bias", drawn.bias.detach().clone() if drawn.bias is not None else torch.zeros(outputs))

    def forward(self, maps: Tensor) -> Tensor:
        return conv2d(maps, self.weight, self.bias, padding=self.weight.shape[-1] // 2)


class CrossChannelMixing(nn.Module):
    """Random 1x1 convolutions (CCM): maps of each scale `[N, C, r, r]` to as many channels as `widths` say.

    A critic of the maps themselves looks at a few prominent channels alone; after a random mixture, all matter.
    """

    def __init__(self, channels: Sequence[int], widths: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            RandomConvolution(inputs, outputs, 1) for inputs, outputs in zip(channels, widths, strict=True)
        )

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        return [layer(each) for layer, each in zip(self.layers, maps, strict=True)]


class CrossScaleMixing(nn.Module):
    """Random convolutions from coarse to fine (CSM), as the decoder of a U-Net: each scale sees those below it.

    s_L = c_L(up(x_L)), s_l = c_l(up(x_l + s_(l+1))): maps of twice the side, with the channels of the next finer scale.

    Args:
        widths: Channels of the maps, finest first.
        kernel: Side of the convolutions: 3 in the paper, 1 in the authors' code.
    """

    def __init__(self, widths: Sequence[int], kernel: int) -> None:
        super().__init__()
        outputs = mixed_widths(widths)
        self.layers = nn.ModuleList(
            RandomConvolution(inputs, width, kernel) for inputs, width in zip(widths, outputs, strict=True)
        )

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        mixed: list[Tensor] = []
        for layer, each in zip(reversed(self.layers), reversed(maps), strict=True):
            joined = each + mixed[-1] if mixed else each
            side = 2 * joined.shape[-1]
            # Corners aligned, as in the authors' code, so that the maps of all scales share their corners.
            mixed.append(layer(interpolate(joined, (side, side), mode="bilinear", align_corners=True)))
        return mixed[::-1]


def mixed_widths(widths: Sequence[int]) -> list[int]:
    """Return the channels after mixing across scales: those of the next finer scale, to which they are added."""
    return [widths[0], *widths[:-1]]
