"""Plan: which frequencies, rates, sizes and channels each layer has.

Paper: StyleGAN3, arXiv:2106.12423, section 3.2, appendix B ("flexible layer specifications") and figure 5.
"""

from __future__ import annotations

import math
from typing import NamedTuple

FIRST_CUTOFF = 2.0  # periods per side of the first layer (appendix B)
FIRST_STOPBAND = 2**2.1
LAST_STOPBAND = 2**0.3  # of the last layer, over its cutoff


class Ends(NamedTuple):
    """Where the bands begin and end.

    Attributes:
        first_cutoff: Highest frequency of the first layer, in periods per side of the image.
        first_stopband: Where its filters stop, in the same unit.
        last_stopband: Where the last layer's filters stop, over its cutoff.
    """

    first_cutoff: float = FIRST_CUTOFF
    first_stopband: float = FIRST_STOPBAND
    last_stopband: float = LAST_STOPBAND


ENDS = Ends()  # the paper's


class Band(NamedTuple):
    """Signals between two layers.

    Attributes:
        cutoff: Highest frequency that they carry, in periods per side of the image.
        half_width: From there to where filters stop.
        rate: Samples per side of the image.
        size: Samples per side of the map, margins included.
        channels: Of the map.
    """

    cutoff: float
    half_width: float
    rate: int
    size: int
    channels: int


def bands(
    resolution: int,
    image_channels: int,
    *,
    layers: int,
    critical: int,
    channel_base: int,
    channel_max: int,
    margin: int,
    ends: Ends = ENDS,
) -> list[Band]:
    """Return what each of `layers` layers and the last one, to the image, gives.

    Cutoffs and stopbands grow geometrically, until the last `critical` layers, whose cutoff is the image's own highest
    frequency: they are sampled critically, for sharp images, and are not free of aliasing.

    Args:
        resolution: Of the images.
        image_channels: Of the images.
        layers: How many layers, without that to the image.
        critical: How many of them are sampled critically.
        channel_base: Channels are channel_base / (2 cutoff).
        channel_max: The most that there are.
        margin: Samples of a map around the image.
        ends: Where cutoffs and stopbands begin and end; the paper's by default.
    """
    last = resolution / 2
    found = []
    for index in range(layers + 1):
        progress = min(index / (layers - critical), 1.0)
        cutoff = ends.first_cutoff * (last / ends.first_cutoff) ** progress
        stopband = ends.first_stopband * (last * ends.last_stopband / ends.first_stopband) ** progress
        # The lowest power of two that holds the stopband.
        rate = 2 ** math.ceil(math.log2(min(2 * stopband, resolution)))
        # The last two maps are those of the image itself.
        size = resolution if index >= layers - 1 else rate + 2 * margin
        channels = image_channels if index == layers else max(1, round(min(channel_base / 2 / cutoff, channel_max)))
        found.append(Band(cutoff, max(stopband, rate / 2) - cutoff, rate, size, channels))
    return found
