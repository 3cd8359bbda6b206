"""Discriminator of StyleGAN2."""

from __future__ import annotations

import math
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo import Discriminator, ImageSpec, RecipeContext
from ganzoo.layers import (
    EqualizedConv2d,
    EqualizedLinear,
    MappingNetwork,
    MinibatchStd,
    activate,
    at_least_float32,
    channels_at,
    convolve,
    downsample,
    fir_kernel,
    full_precision,
    half_precision_if,
    kernels_fit,
    resolution_problem,
    resolutions,
    smooth,
)
from ganzoo_stylegan2.discriminator_options import StyleGAN2DiscriminatorOptions
from ganzoo_stylegan2.modulation import ACTIVATION_GAIN, FIR_TAPS
from ganzoo_stylegan2.shell import HIGHEST_RESOLUTION, float16_problem

HALF = math.sqrt(0.5)  # keeps the variance of a sum of two branches


class ActiveConv(nn.Module):
    """Convolution, bias, leaky ReLU 0.2 with gain sqrt(2), all times `gain`; a filter and stride 2 first if `down`."""

    kernel: Tensor

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: int,
        *,
        down: bool = False,
        gain: float = 1.0,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        # The gain of the activation is moved in front of it, into weight and bias: one pass over the maps less.
        gain *= ACTIVATION_GAIN
        self.conv = EqualizedConv2d(inputs, outputs, size, gain=gain, bias_gain=gain)
        self.down = down
        self.bound = None if clamp is None else clamp * gain / ACTIVATION_GAIN
        self.register_buffer("kernel", fir_kernel(FIR_TAPS), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Turn `[N, I, H, W]` into `[N, O, H, W]`, or into `[N, O, H / 2, W / 2]` if `down`."""
        # A bias that a convolution adds costs nothing on a CPU; one that the kernel of the activation adds, on a GPU.
        bias = self.conv.scaled_bias()
        apart = kernels_fit(features)
        within = None if apart else bias
        if self.down:
            # The filter first, then the convolution of stride 2: the official `conv_downsample_2d`.
            smoothed = smooth(features, self.kernel, padding=(2, 2))
            maps = convolve(smoothed, self.conv.scaled_weight(), within, stride=2)
        else:
            maps = convolve(features, self.conv.scaled_weight(), within, padding=self.conv.padding)
        return activate(maps, bias=bias if apart else None, bound=self.bound)


class Block(nn.Module):
    """Two convolutions of which the second halves the resolution; with a shortcut if `residual`."""

    kernel: Tensor

    def __init__(self, inputs: int, outputs: int, *, residual: bool, clamp: float | None) -> None:
        super().__init__()
        self.conv0 = ActiveConv(inputs, inputs, 3, clamp=clamp)
        self.conv1 = ActiveConv(inputs, outputs, 3, down=True, gain=HALF if residual else 1.0, clamp=clamp)
        self.shortcut = EqualizedConv2d(inputs, outputs, 1, gain=HALF, bias=None) if residual else None
        self.register_buffer("kernel", fir_kernel(FIR_TAPS), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Turn `[N, I, H, W]` into `[N, O, H / 2, W / 2]`."""
        maps = self.conv1(self.conv0(features))
        if self.shortcut is None:
            return maps
        # (x + t) / sqrt(2), the root being in both gains: the variance of one branch (section 4.1, figure 7).
        return self.shortcut(downsample(features, self.kernel)).add_(maps)


class Head(nn.Module):
    """From features `[N, C, 4, 4]` to `[N, outputs]`: minibatch deviation, a convolution, two dense layers."""

    def __init__(
        self, channels: int, width: int, outputs: int, *, deviation: MinibatchStd | None, clamp: float | None
    ) -> None:
        super().__init__()
        self.deviation = deviation
        self.conv = ActiveConv(channels + (deviation.maps if deviation else 0), channels, 3, clamp=clamp)
        self.dense = EqualizedLinear(channels * 16, width, gain=ACTIVATION_GAIN, bias_gain=ACTIVATION_GAIN)
        self.out = EqualizedLinear(width, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Return `[N, outputs]`."""
        maps = features if self.deviation is None else self.deviation(features)
        return self.out(F.leaky_relu(self.dense(self.conv(maps).flatten(1)), 0.2))


class StyleGAN2Discriminator(Discriminator[StyleGAN2DiscriminatorOptions]):
    """Convolutions with shortcuts and smoothed downsampling, and how much images of a group differ, to one logit.

    Defaults are configuration F; configuration E has `channel_base = 16384`. Labels, where there are any, enter by
    projection on a mapping network of their own, as in StyleGAN2-ADA (arXiv:2006.06676). Only the highest
    resolutions run in half precision where a recipe asks for it, and never the last 4x4 layers.

    Paper: StyleGAN2, arXiv:1912.04958, section 4.1 and figure 7.
    """

    name = "stylegan2"
    reduces_over_ranks: ClassVar[bool] = True
    kernel: Tensor

    Options = StyleGAN2DiscriminatorOptions

    def __init__(self, options: StyleGAN2DiscriminatorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.skips = options.architecture == "skip"
        self.lowest_half = images.resolution >> (options.half_resolutions - 1)
        residual = options.architecture == "resnet"
        # From the image down to 4x4, as features go.
        descending = resolutions(images.resolution)[::-1]
        channels = {each: channels_at(each, options.channel_base, options.channel_max) for each in descending}
        inlets = descending if self.skips else descending[:1]
        # The official code never bounds what is read at 4x4.
        clamps = {inlet: options.clamp if inlet > 4 else None for inlet in inlets}
        self.from_rgb = nn.ModuleDict(
            {str(each): ActiveConv(images.channels, channels[each], 1, clamp=clamps[each]) for each in inlets}
        )
        self.blocks = nn.ModuleDict(
            {
                str(each): Block(channels[each], channels[each // 2], residual=residual, clamp=options.clamp)
                for each in descending[:-1]
            }
        )
        self.mapping: MappingNetwork | None = None
        self.mapping_dim = options.mapping_dim or channels[4]
        projected = bool(images.label_dim) and options.labels == "projection"
        if projected:
            depth = options.mapping_layers
            self.mapping = MappingNetwork(0, images.label_dim, self.mapping_dim, depth, labels="separate")
        # With projection, as many features as the mapped labels; else one logit, or one per class.
        outputs = self.mapping_dim if projected else max(images.label_dim, 1)
        group, maps = options.minibatch_std_group, options.minibatch_std_maps
        deviation = MinibatchStd(group, maps) if group else None
        width = options.dense_width or channels[4]
        self.head = Head(channels[4], width, outputs, deviation=deviation, clamp=options.clamp)
        self.register_buffer("kernel", fir_kernel(FIR_TAPS), persistent=False)

    @classmethod
    def example_options(cls, folder: Path) -> StyleGAN2DiscriminatorOptions:
        return StyleGAN2DiscriminatorOptions(channel_max=16)

    @classmethod
    def incompatibility(cls, options: StyleGAN2DiscriminatorOptions, context: RecipeContext) -> str | None:
        if problem := float16_problem("discriminator", options.clamp, context):
            return problem
        if channels_at(4, options.channel_base, options.channel_max) % options.minibatch_std_maps:
            return "minibatch_std_maps must divide the channels at 4x4, min(channel_base / 4, channel_max)"
        return resolution_problem("the stylegan2 discriminator", context.images.resolution, highest=HIGHEST_RESOLUTION)

    @classmethod
    def depends_on_batch(cls, options: StyleGAN2DiscriminatorOptions) -> bool:
        return bool(options.minibatch_std_group)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        features = self._features(images.contiguous(memory_format=torch.channels_last))
        # Float32: the deviation and the last sums decide between logits that hardly differ.
        with full_precision(features):
            values = self.head(at_least_float32(features))
            if self.mapping is None:
                return (values * labels).sum(dim=1) if labels.shape[1] else values.squeeze(1)
            projection = self.mapping(labels.new_zeros(len(labels), 0), labels)
            # Scaled like StyleGAN2-ADA's: the sum of so many products keeps its deviation.
            return (values * projection).sum(dim=1) / math.sqrt(self.mapping_dim)

    def _features(self, images: Tensor) -> Tensor:
        features: Tensor | None = None
        for resolution, block in self.blocks.items():
            features = self._with_image(features, images, resolution)
            with half_precision_if(int(resolution) >= self.lowest_half, features) as seen:
                features = block(seen)
            if self.skips:
                with full_precision(images):
                    # Each resolution sees the image at its own size (figure 7b).
                    images = downsample(images, self.kernel)
        return self._with_image(features, images, "4")

    def _with_image(self, features: Tensor | None, images: Tensor, resolution: str) -> Tensor:
        if resolution not in self.from_rgb:
            assert features is not None
            return features
        with half_precision_if(int(resolution) >= self.lowest_half, images):
            seen = self.from_rgb[resolution](images)
        return seen if features is None else features + seen
