"""Critic layers of FastGAN: halving blocks with a short way beside the long one, and heads of patches."""

from __future__ import annotations

import math

from torch import Tensor, nn

from ganzoo.layers import BatchNorm2d
from ganzoo_fastgan.layers import convolution

_SLOPE = 0.2  # of the authors' models.py
_KERNEL = 4  # of the heads' last convolution


def layer(inputs: int, outputs: int, kernel: int, *, stride: int = 1, normalized: bool) -> nn.Sequential:
    """Return a convolution, batch normalization where it is wanted, and a leaky ReLU; stride 2 halves the maps."""
    # Padding 1 keeps the size for 3x3, and halves it exactly for 4x4 with stride 2.
    steps = [convolution(inputs, outputs, kernel, stride=stride, padding=int(kernel > 1))]
    if normalized:
        steps.append(BatchNorm2d(outputs))
    return nn.Sequential(*steps, nn.LeakyReLU(_SLOPE))


class DownBlock(nn.Module):
    """Halves maps two ways and takes the mean: two convolutions, and a 1x1 convolution of the averaged maps.

    Paper: Liu et al., arXiv:2101.04775, section 3.2 and appendix (residual down-sampling).
    """

    def __init__(self, inputs: int, outputs: int, *, normalized: bool) -> None:
        super().__init__()
        self.long = nn.Sequential(
            layer(inputs, outputs, 4, stride=2, normalized=normalized),
            layer(outputs, outputs, 3, normalized=normalized),
        )
        self.short = nn.Sequential(nn.AvgPool2d(2), layer(inputs, outputs, 1, normalized=normalized))

    def forward(self, maps: Tensor) -> Tensor:
        joined: Tensor = (self.long(maps) + self.short(maps)) / 2
        return joined


class PatchHead(nn.Module):
    """Maps `[N, C, r, r]` and labels `[N, L]` to logits `[N, K]`, one for each place of a 4x4 convolution.

    With classes, each logit is what any image gets there plus a projection on its class (arXiv:1802.05637, equation 4).

    Args:
        inputs: Channels of the maps.
        side: Their side; smaller than 4, it is that of the convolution.
        label_dim: Size of the labels; 0 without classes.
        projection: Numbers per place that are multiplied with those of the class.
    """

    def __init__(self, inputs: int, side: int, *, label_dim: int, projection: int) -> None:
        super().__init__()
        self.classes = nn.Linear(label_dim, projection, bias=False) if label_dim else None
        self.last = convolution(inputs, 1 + projection if label_dim else 1, min(_KERNEL, side))

    @staticmethod
    def logits(side: int) -> int:
        """Return how many logits maps of this side give."""
        return int((side - min(_KERNEL, side) + 1) ** 2)

    def forward(self, maps: Tensor, labels: Tensor) -> Tensor:
        found: Tensor = self.last(maps)
        logits = found[:, 0]
        if self.classes is not None:
            of_class = self.classes(labels)[:, :, None, None]
            logits = logits + (found[:, 1:] * of_class).sum(dim=1) / math.sqrt(of_class.shape[1])
        return logits.flatten(1)
