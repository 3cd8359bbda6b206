"""Shell of StyleGAN2's generators: the common one, with their labels, widths and the order of their styles."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor
from typing_extensions import TypeVar

from ganzoo import ImageSpec, RecipeContext
from ganzoo.layers import StyledGenerator, StyledOptions, resolution_problem, resolutions

HIGHEST_RESOLUTION = 1024  # of the paper's largest networks (arXiv:1912.04958, table 1: FFHQ)

# Coarser maps stay in float32: they cost little and decide most (`num_fp16_res` of StyleGAN2-ADA's train.py).
HALF_RESOLUTIONS = 4
HALF_RESOLUTIONS_MEANING = (
    "How many of the highest resolutions run in half precision where `training.precision` says so; 4 in NVIDIA's code."
)


def float16_problem(role: str, clamp: float | None, context: RecipeContext) -> str | None:
    """Say why a network cannot be trained in float16, or None: what it gives must be bounded, as in NVIDIA's code."""
    if context.precision != "fp16" or clamp is not None:
        return None
    return (
        f'with training.precision = "fp16" its feature maps may grow beyond 65504, which float16 ends at: set '
        f'{role}.clamp = 256, or take "bf16"'
    )


class ShellOptions(StyledOptions):
    """Options of every generator of this plugin; the defaults are configuration F's."""

    label_width: PositiveInt | None = Field(
        default=None, description="Size of labels that are embedded separately; by default, style_dim."
    )
    labels: Literal["separate", "joint"] = Field(
        default="separate",
        description="Labels are embedded and normalized by themselves (`separate`, as in StyleGAN2-ADA), or together "
        "with the latents (`joint`, as in the first StyleGAN2 code).",
    )
    channel_base: PositiveInt = Field(
        default=32768,
        description="Channels at resolution r are channel_base / r: 32768 in configuration F, 16384 in A to E.",
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a feature map may have.")
    demodulate: bool = Field(
        default=True, description="Bring the outputs of modulated convolutions to deviation 1 (configuration B on)."
    )
    clamp: PositiveFloat | None = Field(
        default=None, description="Bound on what convolutions give; 256 in networks that NVIDIA trained in float16."
    )
    half_resolutions: PositiveInt = Field(default=HALF_RESOLUTIONS, description=HALF_RESOLUTIONS_MEANING)


ShellOptionsT = TypeVar("ShellOptionsT", bound=ShellOptions, default=Any)


class StyleGAN2Shell(StyledGenerator[ShellOptionsT]):
    """Two styles per resolution: the first block has one, the others two, and the last image one of its own."""

    Options = ShellOptions

    def __init__(self, options: ShellOptionsT, images: ImageSpec) -> None:
        found = resolutions(images.resolution)
        super().__init__(
            options,
            images,
            style_resolutions=[found[min((style + 1) // 2, len(found) - 1)] for style in range(2 * len(found))],
            noise_resolutions=found,
        )
        self.lowest_half = images.resolution >> (options.half_resolutions - 1)
        # The first StyleGAN2 code, with its joint labels, has the gain on biases too: it is in the activation.
        self.build_mapping(images, labels=options.labels, label_width=options.label_width, bias_gain=math.sqrt(2))

    @classmethod
    def incompatibility(cls, options: ShellOptionsT, context: RecipeContext) -> str | None:
        if problem := float16_problem("generator", options.clamp, context):
            return problem
        return resolution_problem(f"the {cls.name} generator", context.images.resolution, highest=HIGHEST_RESOLUTION)

    def track_mean(self, batch_mean: Tensor) -> None:
        # The same as the shell's but for rounding, which is that of NVIDIA's code: interpolated from the other end.
        self.w_avg.copy_(batch_mean.lerp(self.w_avg, self.options.w_avg_beta))
