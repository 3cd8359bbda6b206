"""Shape of a BigGAN network: its options, and the blocks that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from pydantic import Field, PositiveInt

from ganzoo import ComponentOptions
from ganzoo.layers import LOWEST_RESOLUTION, resolutions

# In multiples of `width`, by resolution: appendix B, tables 4 to 6, and the authors' code for 32 and 64. 16 is ours.
_GENERATOR = {
    16: (4, 4, 4),
    32: (4, 4, 4, 4),
    64: (16, 16, 8, 4, 2),
    128: (16, 16, 8, 4, 2, 1),
    256: (16, 16, 8, 8, 4, 2, 1),
    512: (16, 16, 8, 8, 4, 2, 1, 1),
}
_DISCRIMINATOR = {
    16: (4, 4, 4),
    32: (4, 4, 4, 4),
    64: (1, 2, 4, 8, 16),
    128: (1, 2, 4, 8, 16, 16),
    256: (1, 2, 4, 8, 8, 16, 16),
    512: (1, 1, 2, 4, 8, 8, 16, 16),
}
# Up to 32 pixels the discriminator halves to 8x8, beyond to 4x4 (authors' code).
_SMALL, _SMALL_END = 32, 8


class BigGANOptions(ComponentOptions):
    """Options that both networks have; the defaults are those of the paper at the width of the authors' CIFAR-10."""

    width: PositiveInt = Field(
        default=64, description="Channels that all widths are multiples of (ch): 96 in the paper, 64 for CIFAR-10."
    )
    channels: tuple[PositiveInt, ...] = Field(
        default=(),
        description="Channels in place of the paper's multiples of the width. Of the generator: of the 4x4 maps and "
        "of each block; of the discriminator: of each block.",
    )
    attention_at: tuple[PositiveInt, ...] = Field(
        default=(), description="Resolutions of maps with self-attention: 64 in the paper, none for CIFAR-10."
    )
    initial_weights: Literal["orthogonal", "normal"] = Field(
        default="orthogonal",
        description="Initial weights: orthogonal as in the paper, or N(0, 0.02) as the authors' code has for CIFAR-10.",
    )


class BlockShape(NamedTuple):
    """A residual block.

    Attributes:
        inputs: Its channels that come in.
        outputs: Its channels that go out.
        resolution: Of what goes out.
        resamples: Whether it doubles (generator) or halves (discriminator) the resolution.
    """

    inputs: int
    outputs: int
    resolution: int
    resamples: bool


def generator_blocks(options: BigGANOptions, resolution: int) -> list[BlockShape]:
    """Return the generator's blocks from 8x8 to `resolution`; the first one's inputs are the channels at 4x4."""
    channels = options.channels or [options.width * times for times in _GENERATOR[resolution]]
    every = resolutions(resolution)[1:]
    return [BlockShape(*pair, side, True) for pair, side in zip(pairwise(channels), every, strict=True)]


def discriminator_blocks(options: BigGANOptions, resolution: int, image_channels: int) -> list[BlockShape]:
    """Return the discriminator's blocks, first that of the images."""
    channels = options.channels or [options.width * times for times in _DISCRIMINATOR[resolution]]
    halvings = _halvings(resolution)
    sides = [resolution >> min(number + 1, halvings) for number in range(len(channels))]
    pairs = pairwise((image_channels, *channels))
    return [
        BlockShape(*pair, side, number < halvings) for number, (pair, side) in enumerate(zip(pairs, sides, strict=True))
    ]


def _halvings(resolution: int) -> int:
    end = _SMALL_END if resolution <= _SMALL else LOWEST_RESOLUTION
    return (resolution // end).bit_length() - 1


def shape_problem(part: str, options: BigGANOptions, resolution: int) -> str | None:
    """Say why `part`, a generator or a discriminator, cannot have this shape, with the remedy, or None."""
    table = _GENERATOR if part == "generator" else _DISCRIMINATOR
    if resolution not in table:
        return (
            f"the biggan {part} works at {_listed(list(table))} pixels, not at {resolution}: "
            f"set dataset.resolution to one of them"
        )
    given, expected = len(options.channels), len(table[resolution])
    if given not in (0, expected):
        return (
            f"the biggan {part} has {expected} widths at {resolution} pixels; channels lists {given}: give {expected}"
        )
    sides = _attended(part, options, resolution)
    missing = [each for each in options.attention_at if each not in sides]
    if missing:
        return f"the biggan {part} has no maps of {missing[0]} pixels: attention_at may list {_listed(sides)}"
    return None


def _attended(part: str, options: BigGANOptions, resolution: int) -> list[int]:
    """Return the resolutions of the maps that self-attention can follow."""
    if part == "generator":
        return [block.resolution for block in generator_blocks(options, resolution)]
    # Once for each resolution: after the block that comes down to it.
    return [block.resolution for block in discriminator_blocks(options, resolution, 1) if block.resamples]


def _listed(numbers: Sequence[int]) -> str:
    *most, last = sorted(numbers)
    return f"{', '.join(map(str, most))} or {last}" if most else str(last)
