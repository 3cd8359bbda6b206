"""Generator of StyleGAN3."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn

from ganzoo import ImageSpec, RecipeContext
from ganzoo.layers import StyledGenerator, StyledOptions, at_least_float32, half_precision_if
from ganzoo_stylegan3.fourier import FourierInput
from ganzoo_stylegan3.layer import OVERSAMPLING, TAPS, AliasFreeLayer, LayerSettings
from ganzoo_stylegan3.plan import FIRST_CUTOFF, FIRST_STOPBAND, LAST_STOPBAND, Band, Ends, bands

LOWEST_RESOLUTION = 16  # below, the first and the last band of the plan are almost one
HIGHEST_RESOLUTION = 1024  # of the paper's largest networks (arXiv:2106.12423, figure 5)


class StyleGAN3GeneratorOptions(StyledOptions):
    """Which transforms are followed, sizes, bands."""

    equivariance: Literal["translation", "rotation"] = Field(
        default="translation",
        description="Which moves of the input the image follows: `translation` is configuration T (3x3 kernels), "
        "`rotation` follows both and is R (1x1 kernels and radial filters).",
    )
    mapping_layers: int = Field(default=2, ge=1, le=16, description="Dense layers of the mapping network.")
    # Nothing is mixed but in StyleGAN2's own configuration (`style_mixing_prob` of the official train.py).
    style_mixing: float = Field(
        default=0.0, ge=0.0, le=1.0, description="Probability that a batch in training mixes two styles."
    )
    w_avg_beta: float = Field(
        default=0.998, ge=0.0, lt=1.0, description="Share that the tracked mean style (w_avg) keeps at each batch."
    )
    kernel: int | None = Field(
        default=None, ge=1, le=7, description="Size of the layers' kernels; by default 3, and 1 in R."
    )
    radial_filters: bool | None = Field(
        default=None,
        description="Whether downsampling treats all directions alike, but for critically sampled layers; by default "
        "in R alone.",
    )
    layers: int = Field(default=14, ge=2, le=30, description="How many layers, without that to the image.")
    critical_layers: PositiveInt = Field(
        default=2, description="How many of the last layers are sampled critically: sharp, but not free of aliasing."
    )
    first_cutoff: PositiveFloat = Field(
        default=FIRST_CUTOFF, description="Highest frequency of the first layer, in periods per side of the image."
    )
    first_stopband: PositiveFloat = Field(
        default=FIRST_STOPBAND, description="Frequency at which the first layer's filters stop, above its cutoff."
    )
    last_stopband: float = Field(
        default=LAST_STOPBAND, ge=1.0, description="Frequency at which the last layer's filters stop, over its cutoff."
    )
    filter_taps: int = Field(
        default=TAPS, ge=1, le=16, description="Taps of the filters for each sample of the lower rate (n)."
    )
    oversampling: int = Field(
        default=OVERSAMPLING,
        ge=1,
        le=8,
        description="Rate at which leaky ReLUs work, over the higher of those before and behind them (m).",
    )
    channel_base: PositiveInt = Field(
        default=32768, description="Channels are channel_base / (2 cutoff): 32768 in T, 65536 in R."
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a map may have: 512 in T, 1024 in R.")
    # Section 3.1: so wide that no border is seen, from which a network would know where it is.
    margin: int = Field(default=10, ge=0, le=64, description="Samples that all maps have around what is seen.")
    output_scale: PositiveFloat = Field(
        default=0.25, description="Factor on the image; it holds the last layer's weights near 1."
    )
    magnitude_beta: float = Field(
        default=0.999,
        ge=0.0,
        lt=1.0,
        description="Share that the tracked magnitude of each layer's input keeps at each batch.",
    )
    clamp: PositiveFloat | None = Field(
        default=None, description="Bound on what layers give; 256 in networks that NVIDIA trained in float16."
    )
    half_resolutions: PositiveInt = Field(
        default=4,
        description="How many of the highest resolutions run in half precision where `training.precision` says so.",
    )


class StyleGAN3Generator(StyledGenerator[StyleGAN3GeneratorOptions]):
    """Sine waves through layers without aliasing: what is generated moves with its input, also between pixels.

    No noise, no growing, no image per resolution. Styles are those of StyleGAN2 (modulation, demodulation); the first
    one turns and shifts the input. `use_transform` moves what is generated.

    Paper: Karras et al., arXiv:2106.12423.
    """

    name = "stylegan3"

    Options = StyleGAN3GeneratorOptions

    def __init__(self, options: StyleGAN3GeneratorOptions, images: ImageSpec) -> None:
        plan = planned(options, images)
        before = [plan[0], *plan[:-1]]
        super().__init__(
            options,
            images,
            # One style for the input, which acts on the first map, and one for what each layer is given.
            style_resolutions=[plan[0].rate, *(band.rate for band in before)],
            noise_resolutions=[],
        )
        settings = layer_settings(options)
        self.build_mapping(images, labels="separate", bias_gain=math.sqrt(2))
        self.input = FourierInput(options.style_dim, plan[0])
        self.layers = nn.ModuleList(
            AliasFreeLayer(
                given,
                made,
                settings,
                critical=index >= options.layers - options.critical_layers,
                to_image=index == options.layers,
            )
            for index, (given, made) in enumerate(zip(before, plan, strict=True))
        )
        lowest_half = images.resolution >> (options.half_resolutions - 1)
        self.in_half = [band.rate >= lowest_half for band in plan]
        self.moved: Tensor | None = None

    @classmethod
    def example_options(cls, folder: Path) -> StyleGAN3GeneratorOptions:
        return StyleGAN3GeneratorOptions(
            latent_dim=16, style_dim=16, layers=3, critical_layers=1, channel_base=64, channel_max=8
        )

    @classmethod
    def incompatibility(cls, options: StyleGAN3GeneratorOptions, context: RecipeContext) -> str | None:
        if options.critical_layers >= options.layers:
            return (
                f"{options.critical_layers} critically sampled layers leave none of {options.layers} to grow the band: "
                "set generator.critical_layers below generator.layers"
            )
        if reason := _impossible_ends(options, context.images.resolution):
            return reason
        if context.precision == "fp16" and options.clamp is None:
            return (
                'with training.precision = "fp16" its maps may grow beyond 65504, which float16 ends at: set '
                'generator.clamp = 256, or take "bf16"'
            )
        resolution = context.images.resolution
        if LOWEST_RESOLUTION <= resolution <= HIGHEST_RESOLUTION and resolution & (resolution - 1) == 0:
            return None
        return (
            f"the stylegan3 generator works at powers of two from {LOWEST_RESOLUTION} to {HIGHEST_RESOLUTION}, not at "
            f"{resolution}: set dataset.resolution to one of them"
        )

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        """Return the weights `[I, W]` by which the input and each layer see their styles, with the numbers of these."""
        seeing: list[Any] = [self.input, *self.layers]
        return [(number, each.affine.scaled_weight()) for number, each in enumerate(seeing)]

    def use_transform(self, matrix: Tensor | None) -> None:
        """See `Transformable.use_transform`."""
        self.moved = matrix

    def synthesize(self, styles: Tensor) -> Tensor:
        first, *others = styles.unbind(dim=1)
        # Places in float32: bfloat16 would round a pixel's coordinates to a hundredth of the image.
        with half_precision_if(False, first):
            features = self.input(at_least_float32(first), self.moved)
        for layer, style, in_half in zip(self.layers, others, self.in_half, strict=True):
            with half_precision_if(in_half, features) as given:
                features = layer(given, style)
        return at_least_float32(features) * self.options.output_scale


def layer_settings(options: StyleGAN3GeneratorOptions) -> LayerSettings:
    """Return what all layers have in common."""
    rotates = options.equivariance == "rotation"
    kernel = 1 if rotates else 3
    return LayerSettings(
        style_dim=options.style_dim,
        kernel=kernel if options.kernel is None else options.kernel,
        radial=rotates if options.radial_filters is None else options.radial_filters,
        clamp=options.clamp,
        magnitude_beta=options.magnitude_beta,
        taps=options.filter_taps,
        oversampling=options.oversampling,
    )


def _impossible_ends(options: StyleGAN3GeneratorOptions, resolution: int) -> str | None:
    """Say why no bands lie between the first one and the image's, if so."""
    if options.first_cutoff >= options.first_stopband:
        return (
            f"filters cannot stop at {options.first_stopband:.4g} what they pass up to {options.first_cutoff:.4g}: set "
            "generator.first_stopband above generator.first_cutoff"
        )
    if options.first_cutoff >= resolution / 2:
        return (
            f"images of {resolution} pixels carry frequencies up to {resolution // 2}: set generator.first_cutoff "
            f"below that, not to {options.first_cutoff:.4g}"
        )
    return None


def planned(options: StyleGAN3GeneratorOptions, images: ImageSpec) -> list[Band]:
    """Return what each layer gives."""
    return bands(
        images.resolution,
        images.channels,
        layers=options.layers,
        critical=options.critical_layers,
        channel_base=options.channel_base,
        channel_max=options.channel_max,
        margin=options.margin,
        ends=Ends(options.first_cutoff, options.first_stopband, options.last_stopband),
    )
