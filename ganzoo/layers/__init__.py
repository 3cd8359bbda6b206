"""Building blocks that networks share; public for plugins, with no knowledge of any of them."""

from __future__ import annotations

from ganzoo.layers.equalized import EqualizedConv2d, EqualizedLinear
from ganzoo.layers.mapping import MappingNetwork
from ganzoo.layers.normalize import MinibatchStd, instance_norm, pixel_norm
from ganzoo.layers.precision import full_precision
from ganzoo.layers.resample import downsample, fir_kernel, fir_taps, smooth, upsample
from ganzoo.layers.widths import channels_at, sides

__all__ = [
    "EqualizedConv2d",
    "EqualizedLinear",
    "MappingNetwork",
    "MinibatchStd",
    "channels_at",
    "downsample",
    "fir_kernel",
    "fir_taps",
    "full_precision",
    "instance_norm",
    "pixel_norm",
    "sides",
    "smooth",
    "upsample",
]
