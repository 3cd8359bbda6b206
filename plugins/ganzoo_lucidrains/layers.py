"""Layers of both networks: halving, a blur with mirrored borders, and widths."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.layers import convolve, fir_kernel, resolutions, smooth

SLOPE = 0.2  # of all leaky ReLUs, which have no gain here


class Convolution(nn.Conv2d):
    """PyTorch's convolution of stride 1, with quick gradients of gradients, which R1 and path lengths take."""

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve maps."""
        return convolve(maps, self.weight, self.bias, padding=int(self.padding[0]))


class Halving(nn.Conv2d):
    """A 1x1 or 3x3 convolution of stride 2 and equal padding, `[N, I, H, W]` to `[N, O, H / 2, W / 2]`, H even."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__(inputs, outputs, size)

    def forward(self, maps: Tensor) -> Tensor:
        """Halve maps."""
        return convolve(maps, self.weight, self.bias, stride=2, padding=self.kernel_size[0] // 2)


class Blur(nn.Module):
    """The filter [1, 2, 1] along both axes, borders mirrored: `[N, C, H, W]` keeps its size."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", fir_kernel([1, 2, 1]), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Filter images."""
        # Mirrored without the border pixel itself, where NVIDIA's code has zeros: images do not darken at their edges.
        return smooth(F.pad(images, (1, 1, 1, 1), mode="reflect"), self.kernel, padding=(0, 0))


def doubled(images: Tensor) -> Tensor:
    """Return `[N, C, 2H, 2W]` by bilinear interpolation between the centers of pixels."""
    return F.interpolate(images, scale_factor=2.0, mode="bilinear", align_corners=False)


def initialize(module: nn.Module) -> None:
    """Draw the weights of convolutions and dense layers from N(0, 2 / fan-in), as the package does; keep biases."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, a=0.0, mode="fan_in", nonlinearity="leaky_relu")


def generator_widths(resolution: int, capacity: int, channel_max: int) -> dict[int, int]:
    """Return the channels of the maps that each block gives, from 4x4 on: 2 x capacity at the finest."""
    return {each: min(2 * capacity * (resolution // each), channel_max) for each in resolutions(resolution)}


def discriminator_widths(resolution: int, capacity: int, channel_max: int) -> list[int]:
    """Return the channels that each block gives, finest first: 4 x capacity from the image on, down to 2x2."""
    return [min(4 * capacity << number, channel_max) for number in range(len(resolutions(resolution)) + 1)]


def attended(blocks: tuple[int, ...], count: int) -> str | None:
    """Say what is wrong with the numbers of blocks that have attention, or None."""
    wrong: Iterator[int] = (number for number in blocks if not 0 <= number < count)
    first = next(wrong, None)
    return None if first is None else f"attention names block {first}; they are counted from 0 to {count - 1}"


def uniform(count: int, resolution: int, device: torch.device) -> Tensor:
    """Draw noise images `[N, 1, R, R]` from U(-1/2, 1/2)."""
    # Through the normal distribution, since draws from that one can be made image by image while samples are drawn:
    # the noise of a seed is the same wherever in a batch it stands.
    return torch.special.ndtr(torch.randn(count, 1, resolution, resolution, device=device)) - 0.5
