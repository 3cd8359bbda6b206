"""Channels of a feature map by its resolution: the rule that ProGAN, StyleGAN and StyleGAN2 share."""

from __future__ import annotations

from collections.abc import Mapping

LOWEST_RESOLUTION = 4  # of the coarsest feature map (ProGAN, arXiv:1710.10196, table 2)
HIGHEST_RESOLUTION = 2048  # twice what the papers go to; beyond it the rule below has no precedent


def resolutions(highest: int, lowest: int = LOWEST_RESOLUTION) -> list[int]:
    """Return the resolutions of the feature maps from `lowest` to `highest`, each twice the one before."""
    return [lowest << step for step in range((highest // lowest).bit_length())]


def channels_at(resolution: int, channel_base: int, channel_max: int) -> int:
    """Return the channels of feature maps of a resolution: min(base / resolution, max), at least 1.

    The official codes write their base otherwise: 8192 / 2^stage there is `channel_base = 16384` here (ProGAN,
    StyleGAN, configurations A to E of StyleGAN2), and 16384 / 2^stage is 32768 (configuration F).
    """
    return max(1, min(channel_base // resolution, channel_max))


def base_and_max(channels: Mapping[int, int]) -> tuple[int, int] | None:
    """Return a channel_base and channel_max that give these channels by resolution; None where none do."""
    channel_max = max(channels.values())
    # A map at the maximum says only that the base is no smaller than this.
    bounds = [resolution * count for resolution, count in channels.items() if count == channel_max]
    # One below it tells the base to within one step of its resolution, but for 1, the floor of any smaller base.
    known = [resolution * count for resolution, count in channels.items() if 1 < count < channel_max]
    base = max(bounds + known)
    fits = all(channels_at(resolution, base, channel_max) == count for resolution, count in channels.items())
    return (base, channel_max) if fits else None


def resolution_problem(part: str, resolution: int, *, highest: int = HIGHEST_RESOLUTION) -> str | None:
    """Say why `part`, whose maps double from 4x4, cannot work at `resolution`, or None."""
    lowest = 2 * LOWEST_RESOLUTION
    if lowest <= resolution <= highest and resolution & (resolution - 1) == 0:
        return None
    return (
        f"{part} doubles or halves the resolution from 4x4 and works at powers of two from {lowest} to {highest}, "
        f"not at {resolution}: set dataset.resolution to one of them"
    )
