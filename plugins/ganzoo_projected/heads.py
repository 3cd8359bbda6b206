"""Heads of a projected critic: small convolutional networks of spectral norm 1, one for each scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo.layers import BatchNorm2d

_SLOPE = 0.2
_KERNEL = 4  # of all layers (arXiv:2111.01007, table 8)


class HeadShape(NamedTuple):
    """Where a head begins and how far it goes.

    Attributes:
        channels: Channels of the maps that it reads.
        blocks: How often it halves them.
        side: Side of the maps that its last convolution reads.
    """

    channels: int
    blocks: int
    side: int

    @property
    def kernel(self) -> int:
        """Side of its last convolution: smaller where the maps are."""
        return min(_KERNEL, self.side)

    @property
    def logits(self) -> int:
        """Logits per image: one for each place of its last convolution, which is not padded."""
        return int((self.side - self.kernel + 1) ** 2)


def head_shapes(channels: Sequence[int], sides: Sequence[int]) -> list[HeadShape]:
    """Return the heads for maps of these shapes, finest first: all end at one side, so that they have equal say.

    The coarsest maps are halved once where 4x4 remain, as in the authors' code (16 to 8 at 256 pixels).
    """
    once = int(sides[-1] // 2 >= _KERNEL)
    end = sides[-1] >> once
    return [HeadShape(width, round(math.log2(side / end)), end) for width, side in zip(channels, sides, strict=True)]


class Head(nn.Module):
    """Maps of one scale `[N, C, r, r]` and labels `[N, L]` to logits `[N, K]`, one per patch.

    Args:
        shape: What it reads.
        width: Channels of the last maps, halved for every block before them.
        normalization: Whether each block has a batch normalization.
        label_dim: Size of the labels; above 0, logits are projections on the class (arXiv:1802.05637, equation 4,
            without the term that no class has a part in, as the authors' code has it).
        projection: Numbers per place and class that are multiplied.
    """

    def __init__(self, shape: HeadShape, width: int, *, normalization: bool, label_dim: int, projection: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        inputs = shape.channels
        for number in range(shape.blocks):
            outputs = max(1, width >> (shape.blocks - 1 - number))
            blocks.append(spectral_norm(nn.Conv2d(inputs, outputs, _KERNEL, stride=2, padding=1)))
            if normalization:
                blocks.append(BatchNorm2d(outputs))
            blocks.append(nn.LeakyReLU(_SLOPE))
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        outputs = projection if label_dim else 1
        self.last = spectral_norm(nn.Conv2d(inputs, outputs, shape.kernel, bias=False))
        self.classes = nn.Linear(label_dim, projection, bias=False) if label_dim else None

    def forward(self, maps: Tensor, labels: Tensor) -> Tensor:
        found: Tensor = self.last(self.blocks(maps))
        if self.classes is not None:
            class_map = self.classes(labels)[:, :, None, None]
            found = (found * class_map).sum(dim=1) / math.sqrt(class_map.shape[1])
        return found.flatten(1)
