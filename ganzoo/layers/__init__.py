"""Layers: building blocks that networks share, public for plugins."""

from __future__ import annotations

from ganzoo.layers.activation import activate
from ganzoo.layers.attention import SelfAttention2d
from ganzoo.layers.batch_norm import BatchNorm1d, BatchNorm2d
from ganzoo.layers.channels import (
    HIGHEST_RESOLUTION,
    LOWEST_RESOLUTION,
    base_and_max,
    channels_at,
    resolution_problem,
    resolutions,
)
from ganzoo.layers.conditional import ConditionalBatchNorm2d, ProjectionHead
from ganzoo.layers.convolution import convolve
from ganzoo.layers.equalized import EqualizedConv2d, EqualizedLinear
from ganzoo.layers.frozen import Frozen
from ganzoo.layers.fused import EqualizedDownConv2d, EqualizedUpConv2d
from ganzoo.layers.growth import Growth
from ganzoo.layers.kernels import kernels_fit, use_kernels
from ganzoo.layers.latents import redrawn_within
from ganzoo.layers.mapping import MappingNetwork
from ganzoo.layers.measured_mean import measured_mean_w
from ganzoo.layers.noise import add_noise
from ganzoo.layers.normalization import MinibatchStd, adaptive_instance_norm, instance_norm, pixel_norm
from ganzoo.layers.precision import at_least_float32, full_precision, half_precision_if, half_type
from ganzoo.layers.progressive_discriminator import ProgressiveCritic
from ganzoo.layers.ranks import all_rows, batch_mean, batch_ranks, per_batch, per_image
from ganzoo.layers.resample import downsample, fir_kernel, fir_taps, smooth, upsample
from ganzoo.layers.style import StyledGenerator, StyledOptions, draw_crossover, layered, truncated
from ganzoo.layers.transfer import HostCopy, to_device

__all__ = [
    "HIGHEST_RESOLUTION",
    "LOWEST_RESOLUTION",
    "BatchNorm1d",
    "BatchNorm2d",
    "ConditionalBatchNorm2d",
    "EqualizedConv2d",
    "EqualizedDownConv2d",
    "EqualizedLinear",
    "EqualizedUpConv2d",
    "Frozen",
    "Growth",
    "HostCopy",
    "MappingNetwork",
    "MinibatchStd",
    "ProgressiveCritic",
    "ProjectionHead",
    "SelfAttention2d",
    "StyledGenerator",
    "StyledOptions",
    "activate",
    "adaptive_instance_norm",
    "add_noise",
    "all_rows",
    "at_least_float32",
    "base_and_max",
    "batch_mean",
    "batch_ranks",
    "channels_at",
    "convolve",
    "downsample",
    "draw_crossover",
    "fir_kernel",
    "fir_taps",
    "full_precision",
    "half_precision_if",
    "half_type",
    "instance_norm",
    "kernels_fit",
    "layered",
    "measured_mean_w",
    "per_batch",
    "per_image",
    "pixel_norm",
    "redrawn_within",
    "resolution_problem",
    "resolutions",
    "smooth",
    "to_device",
    "truncated",
    "upsample",
    "use_kernels",
]
