"""Shape of an R3GAN network: its options, and the stages that follow from them."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field, PositiveInt

from ganzoo import ComponentOptions
from ganzoo.layers import channels_at, resolution_problem, resolutions


class R3GANOptions(ComponentOptions):
    """Options that both networks have; the defaults are the authors' for CIFAR-10 and FFHQ."""

    channel_base: PositiveInt = Field(
        default=24576, description="Channels of a stage are min(channel_base / resolution, channel_max)."
    )
    channel_max: PositiveInt = Field(default=768, description="Most channels a stage may have.")
    channels: tuple[PositiveInt, ...] = Field(
        default=(), description="Channels of each stage from 4x4 up, in place of what channel_base and _max give."
    )
    blocks: tuple[PositiveInt, ...] = Field(
        default=(2,), min_length=1, description="Residual blocks of each stage from 4x4 up; a single number: of all."
    )
    expansion: PositiveInt = Field(default=2, description="Channels inside a block, in multiples of its own.")
    group_channels: PositiveInt = Field(
        default=16,
        description="Channels per group of the 3x3 convolutions, fewer where a block has fewer.",
    )
    cardinality: tuple[PositiveInt, ...] = Field(
        default=(),
        description="Groups of the 3x3 convolutions of each stage from 4x4 up, in place of what group_channels gives.",
    )


class StageShape(NamedTuple):
    """One resolution of a network.

    Attributes:
        channels: Of what goes from block to block.
        blocks: Residual blocks.
        groups: Of the 3x3 convolutions inside of them.
    """

    channels: int
    blocks: int
    groups: int


def stages(options: R3GANOptions, resolution: int) -> list[StageShape]:
    """Return the stages from 4x4 to `resolution`."""
    every = resolutions(resolution)
    channels = options.channels or [channels_at(each, options.channel_base, options.channel_max) for each in every]
    blocks = options.blocks if len(options.blocks) > 1 else options.blocks * len(every)
    inside = [width * options.expansion for width in channels]
    groups = options.cardinality or [inner // _group_size(inner, options) for inner in inside]
    return [StageShape(*each) for each in zip(channels, blocks, groups, strict=True)]


def shape_problem(part: str, options: R3GANOptions, resolution: int) -> str | None:
    """Say why `part` cannot have this shape, with the remedy, or None."""
    if problem := resolution_problem(part, resolution):
        return problem
    expected = len(resolutions(resolution))
    # No channels or groups: by the rule; a single number of blocks: of all stages.
    allowed = {"channels": (0, expected), "blocks": (1, expected), "cardinality": (0, expected)}
    for key, counts in allowed.items():
        if (given := len(getattr(options, key))) not in counts:
            return f"{part} has {expected} stages from 4x4 to {resolution} pixels; {key} lists {given}: give {expected}"
    for width, _, groups in stages(options, resolution):
        inner = width * options.expansion
        if options.cardinality and inner % groups:
            return f"{part}: {groups} groups (cardinality) do not divide the {inner} channels in a stage of {width}"
        if not options.cardinality and inner % _group_size(inner, options):
            return (
                f"{part}: a stage of {width} channels has {inner} inside its blocks, which groups of "
                f"{options.group_channels} (group_channels) do not divide: choose widths that they do"
            )
    return None


def _group_size(inner: int, options: R3GANOptions) -> int:
    return min(inner, options.group_channels)
