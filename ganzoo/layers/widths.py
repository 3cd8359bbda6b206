"""How many channels a feature map has, by its side: the rule that ProGAN, StyleGAN and StyleGAN2 share."""

from __future__ import annotations

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
