"""How many channels a feature map has, by its side: the rule that ProGAN, StyleGAN and StyleGAN2 share."""

from __future__ import annotations

from collections.abc import Mapping

SMALLEST = 4  # side of the coarsest feature map


def sides(resolution: int, start: int = SMALLEST) -> list[int]:
    """Return the sides of the feature maps from `start` to `resolution`, each twice the one before."""
    return [start << step for step in range((resolution // start).bit_length())]


def channels_at(side: int, channel_base: int, channel_max: int) -> int:
    """Return the channels of feature maps `side` pixels wide: min(base / side, max), at least 1.

    The official codes write their base otherwise: 8192 / 2^stage there is `channel_base = 16384` here (ProGAN,
    StyleGAN, configurations A to E of StyleGAN2), and 16384 / 2^stage is 32768 (configuration F).
    """
    return max(1, min(channel_base // side, channel_max))


def base_and_max(widths: Mapping[int, int]) -> tuple[int, int] | None:
    """Return a channel_base and channel_max that give these channels by side; None where none do."""
    channel_max = max(widths.values())
    below = [side for side, channels in widths.items() if channels < channel_max]
    full = max((side * channels for side, channels in widths.items() if channels == channel_max), default=0)
    base = max([full, *(side * widths[side] for side in below if widths[side] > 1)])  # 1 is the floor of any smaller
    fits = all(channels_at(side, base, channel_max) == channels for side, channels in widths.items())
    return (base, channel_max) if fits else None


def resolution_problem(part: str, resolution: int) -> str | None:
    """Say why `part`, whose maps double from 4x4, cannot work at `resolution`, or None."""
    if SMALLEST < resolution <= 2048 and resolution & (resolution - 1) == 0:
        return None
    return (
        f"{part} doubles or halves the side from 4x4 and works at powers of two from {2 * SMALLEST} to 2048, "
        f"not at {resolution}: set dataset.resolution to one of them"
    )
