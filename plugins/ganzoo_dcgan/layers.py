"""Layers of both DCGAN networks: widths, strided convolutions, normalization, initial weights."""

from __future__ import annotations

from typing import Literal

from torch import nn

from ganzoo.layers import LOWEST_RESOLUTION, BatchNorm2d

# The paper's own networks are for 64x64 (figure 1); these bounds are ours: two hidden maps to seven.
LOWEST, HIGHEST = 16, 512

Kernel = Literal[4, 5]
Normalization = Literal["none", "batch", "layer", "instance"]


def widths(resolution: int, width: int, max_width: int) -> list[int]:
    """Return the channels of the hidden feature maps, from the finest (R / 2) to the coarsest (4)."""
    count = (resolution // LOWEST_RESOLUTION).bit_length() - 1
    return [min(width << depth, max_width) for depth in range(count)]


def resolution_problem(part: str, resolution: int) -> str | None:
    """Say why `part` cannot work at `resolution`, or None."""
    if LOWEST <= resolution <= HIGHEST and resolution & (resolution - 1) == 0:
        return None
    return (
        f"{part} halves or doubles the image down to 4x4 and works at powers of two from {LOWEST} to {HIGHEST}, "
        f"not at {resolution}: set dataset.resolution to one of them"
    )


def down(inputs: int, outputs: int, kernel: Kernel, *, bias: bool) -> nn.Conv2d:
    """Halve the resolution: a convolution of stride 2."""
    # This padding makes the result half as large for kernels of 4 and 5 alike.
    return nn.Conv2d(inputs, outputs, kernel, stride=2, padding=(kernel - 1) // 2, bias=bias)


def up(inputs: int, outputs: int, kernel: Kernel, *, bias: bool) -> nn.ConvTranspose2d:
    """Double the resolution: a transposed convolution of stride 2."""
    # The reverse; an odd kernel leaves open which of two sizes it came from: output padding decides.
    return nn.ConvTranspose2d(
        inputs, outputs, kernel, stride=2, padding=(kernel - 1) // 2, output_padding=kernel % 2, bias=bias
    )


def hidden_bias(normalization: Normalization) -> bool:
    """Whether a layer that is normalized has a bias of its own.

    Batch and instance normalization subtract it again. Normalization over `[C, H, W]` does not, and the authors'
    WGAN-GP critic, which has it, keeps its biases.
    """
    return normalization in ("none", "layer")


def bare_bias(normalization: Normalization) -> bool:
    """Whether a layer that is never normalized (D's first, the last of both) has a bias.

    The authors' batch-normalized networks have none.
    """
    return normalization != "batch"


def normalize(normalization: Normalization, channels: int) -> list[nn.Module]:
    """Return the normalization of a feature map `[N, C, H, W]`: one module, or none.

    `layer` is the mean and deviation over `[C, H, W]` of each image with a gain per channel, as in the critic of
    WGAN-GP's authors; that is group normalization with one group.
    """
    match normalization:
        case "batch":
            return [BatchNorm2d(channels)]
        case "layer":
            return [nn.GroupNorm(1, channels)]
        case "instance":
            return [nn.InstanceNorm2d(channels, affine=True)]
        case "none":
            return []


def initialize(module: nn.Module) -> None:
    """Draw initial weights: N(0, 0.02) for layers, N(1, 0.02) for the gains of normalization; biases are 0.

    Paper: arXiv:1511.06434, section 4, and the gains of the authors' code.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        # "A zero-centered Normal distribution with standard deviation 0.02" (section 4).
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.GroupNorm | nn.InstanceNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)
