"""Growth: resolution and alpha of a network in progressive growing."""

from __future__ import annotations

from dataclasses import dataclass

from ganzoo.layers.channels import LOWEST_RESOLUTION, resolutions


@dataclass
class Growth:
    """The resolution that a network works at, and the weight of its newest block.

    Paper: ProGAN, arXiv:1710.10196, section 2.

    Attributes:
        resolution: Resolution of the images, at most that of the network.
        alpha: 0: the newest block is absent; 1: it is fully in.
    """

    resolution: int
    alpha: float = 1.0

    @property
    def fades(self) -> bool:
        """Whether the images of half the resolution still show through."""
        return self.alpha < 1.0 and self.resolution > LOWEST_RESOLUTION

    @property
    def resolutions(self) -> list[int]:
        """Resolutions of the blocks in use, lowest first."""
        return resolutions(self.resolution)
