"""Options of the discriminator of StyleGAN2."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from ganzoo import ComponentOptions
from ganzoo_stylegan2.shell import HALF_RESOLUTIONS, HALF_RESOLUTIONS_MEANING


class StyleGAN2DiscriminatorOptions(ComponentOptions):
    """Sizes, the path from the image, labels; the defaults are configuration F's."""

    channel_base: PositiveInt = Field(
        default=32768,
        description="Channels at resolution r are channel_base / r: 32768 in configuration F, 16384 in A to E.",
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a feature map may have.")
    architecture: Literal["resnet", "skip", "orig"] = Field(
        default="resnet",
        description="Path from the image: `resnet` has shortcuts around blocks, `skip` shows the image to every "
        "resolution, `orig` neither.",
    )
    minibatch_std_group: NonNegativeInt = Field(
        default=4, description="Images whose deviation from each other is shown to the last layers; 0 for none."
    )
    minibatch_std_maps: PositiveInt = Field(
        default=1, description="Maps of that deviation, each of its share of the channels at 4x4."
    )
    dense_width: PositiveInt | None = Field(
        default=None, description="Units of the dense layer before the last; by default, the channels at 4x4."
    )
    labels: Literal["projection", "output"] = Field(
        default="projection",
        description="Labels enter by projection on their mapping network (`projection`, as in StyleGAN2-ADA), or "
        "choose among one output per class (`output`, as in the first StyleGAN2 code).",
    )
    mapping_layers: int = Field(
        default=8, ge=0, le=16, description="Dense layers after the embedding of labels, where there are labels."
    )
    mapping_dim: PositiveInt | None = Field(
        default=None, description="Size of the labels' projection; by default, the channels at 4x4."
    )
    clamp: PositiveFloat | None = Field(
        default=None, description="Bound on what convolutions give; 256 in networks that NVIDIA trained in float16."
    )
    half_resolutions: PositiveInt = Field(default=HALF_RESOLUTIONS, description=HALF_RESOLUTIONS_MEANING)
