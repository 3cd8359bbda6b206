"""A discriminator of residual blocks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, leaky_relu

from ganzoo import ComponentOptions, Discriminator, ImageSpec, hookimpl

requires_ganzoo_api = 2


class YourPartOptions(ComponentOptions):
    """Sizes of the network."""

    width: PositiveInt = Field(default=16, description="Channels at the full resolution; twice as many at each half.")
    most: PositiveInt = Field(default=128, description="Most channels at any resolution.")


class YourPart(Discriminator[YourPartOptions]):
    """Residual blocks down to 4x4, each of which halves the resolution; classes by projection.

    Paper: arXiv:1802.05637 (the class as a direction in the features).
    """

    name = "your-part"
    Options = YourPartOptions

    def __init__(self, options: YourPartOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        halvings = images.resolution.bit_length() - 3  # from the resolution, a power of two, to 4
        widths = [min(options.most, options.width << level) for level in range(halvings + 1)]
        self.from_image = nn.Conv2d(images.channels, widths[0], 3, padding=1)
        self.blocks = nn.Sequential(*(Block(*pair) for pair in pairwise(widths)))
        # One row of weights for all images, and one for each class where there are some: labels may be [N, 0].
        self.realness = nn.Linear(widths[-1] * 16, 1)
        self.classes = nn.Linear(images.label_dim, widths[-1] * 16, bias=False) if images.label_dim else None

    @classmethod
    def example_options(cls, folder: Path) -> YourPartOptions:
        """Return small ones: conformance checks take seconds then."""
        return YourPartOptions(width=4)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        features = leaky_relu(self.blocks(self.from_image(images)), 0.2).flatten(1)
        logits: Tensor = self.realness(features).squeeze(1)  # raw: the loss has the sigmoid
        return logits if self.classes is None else logits + (self.classes(labels) * features).sum(dim=1)


class Block(nn.Module):
    """Halves the resolution: a straight way, and two convolutions that correct what it shows."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.straight = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map `[N, inputs, r, r]` to `[N, outputs, r/2, r/2]`."""
        corrections = self.second(leaky_relu(self.first(leaky_relu(x, 0.2)), 0.2))
        # Small at first, so that block upon block keeps the scale of its input without any normalization: batch
        # normalization would let images of one batch see each other, and a penalty per image would mean nothing.
        return avg_pool2d(self.straight(x) + 0.1 * corrections, 2)


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    return [YourPart]
