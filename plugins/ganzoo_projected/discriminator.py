"""Projected discriminator: heads on a frozen network's features, mixed at random across channels and scales."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganzoo import (
    Chooses,
    ChosenPart,
    ComponentOptions,
    Discriminator,
    Extractor,
    FeatureMaps,
    ImageSpec,
    PluginError,
    RecipeContext,
    build_chosen,
)
from ganzoo.layers import Frozen
from ganzoo_projected.heads import Head, HeadShape, head_shapes
from ganzoo_projected.mixing import CrossChannelMixing, CrossScaleMixing, mixed_widths

_PUBLISHED_SIDE = 224  # at which smaller images are shown to the features (the authors' train.py, `interp224`)


class ProjectedOptions(ComponentOptions):
    """Options of the projected discriminator; the defaults are the authors'."""

    features: Annotated[ChosenPart[Extractor], Chooses("extractor")] = Field(
        default="efficientnet-lite0",
        validate_default=True,
        description="Extractor whose maps are read, by name or as a table with its options. Scores in its features "
        "then say nothing: score with another.",
    )
    seen_at: PositiveInt | None = Field(
        default=None,
        description="Resolution at which the extractor sees the images; absent: as published, smaller ones than 224 "
        "at 224, others as they are.",
    )
    mixing: Literal["none", "channels", "scales"] = Field(
        default="scales",
        description="Random mixing of the maps: across channels, or across channels and then scales too.",
    )
    mixed_channels: PositiveInt = Field(
        default=64, description="Channels of the finest maps after mixing; doubled for each coarser scale."
    )
    mixing_kernel: Literal[1, 3] = Field(
        default=3,
        description="Side of the convolutions that mix across scales: 3 in the paper, 1 in the authors' code.",
    )
    width: PositiveInt = Field(
        default=512, description="Channels at the end of each head, halved for each halving of the maps before it."
    )
    normalization: Literal["batch", "none"] = Field(
        default="batch",
        description="What follows the convolutions of the heads; with batch, images are not independent.",
    )
    projection: PositiveInt = Field(
        default=64, description="With classes: numbers per place that are multiplied with those of the class."
    )


class ProjectedDiscriminator(Discriminator[ProjectedOptions]):
    """Small heads on the features of a frozen, pretrained network at four scales; only the heads are trained.

    The features are mixed by frozen random convolutions across channels and, from coarse to fine, across scales, so
    that no head can rest on a few prominent ones. Each head gives as many logits per image as the others, one per
    patch: with the loss `hinge`, the published one, its mean over all is the mean of the heads' own hinge losses.
    Gray images are shown in three equal channels. With classes, logits are projections on them. The authors augment
    with `diffaugment`.

    Paper: Sauer et al., arXiv:2111.01007; classes: Miyato and Koyama, arXiv:1802.05637.
    """

    name = "projected"
    reduces_over_ranks: ClassVar[bool] = True

    Options = ProjectedOptions

    def __init__(self, options: ProjectedOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        extractor = _maps_of(options)
        self.seen_at = _seen_at(options, images.resolution)
        channels = [width for width, _ in extractor.map_shapes(self.seen_at)]
        self.features = Frozen(extractor.feature_maps())
        widths = [options.mixed_channels << depth for depth in range(len(channels))]
        self.mixing = nn.Sequential()
        if options.mixing != "none":
            self.mixing.append(CrossChannelMixing(channels, widths))
        if options.mixing == "scales":
            self.mixing.append(CrossScaleMixing(widths, options.mixing_kernel))
        self.heads = nn.ModuleList(
            Head(
                shape,
                options.width,
                normalization=options.normalization == "batch",
                label_dim=images.label_dim,
                projection=options.projection,
            )
            for shape in _heads(options, images)
        )

    @classmethod
    def logits_per_image(cls, options: ProjectedOptions, images: ImageSpec) -> int:
        return sum(head.logits for head in _heads(options, images))

    @classmethod
    def depends_on_batch(cls, options: ProjectedOptions) -> bool:
        return options.normalization == "batch"

    @classmethod
    def example_options(cls, folder: Path) -> ProjectedOptions:
        return ProjectedOptions.model_validate(
            {"features": "random-features", "seen_at": 32, "mixed_channels": 2, "width": 8}
        )

    @classmethod
    def incompatibility(cls, options: ProjectedOptions, context: RecipeContext) -> str | None:
        side = _seen_at(options, context.images.resolution)
        try:
            shapes = _maps_of(options).map_shapes(side)
        except PluginError as error:
            return f"features: {error}"
        if not shapes:
            name = options.features.cls.name
            return f"seen_at: extractor '{name}' gives no maps of images of {side} pixels; set seen_at to 224"
        return None

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        if images.shape[1] == 1:
            images = images.expand(-1, 3, -1, -1)
        if images.shape[-1] != self.seen_at:
            # Bilinear, as the authors' code; not antialiased: images are enlarged.
            images = interpolate(images, (self.seen_at, self.seen_at), mode="bilinear", align_corners=False)
        maps: Sequence[Tensor] = self.mixing(self.features(images))
        # The logits of all heads side by side: their mean is the mean over the heads (equation 4), whose losses the
        # paper sums.
        logits = torch.cat([head(each, labels) for head, each in zip(self.heads, maps, strict=True)], dim=1)
        return logits.squeeze(1)  # one of all is `[N]`


def _maps_of(options: ProjectedOptions) -> FeatureMaps:
    """Return the extractor whose maps are read. Raises PluginError where it has none."""
    extractor = build_chosen(options.features)
    if not isinstance(extractor, FeatureMaps):
        raise PluginError(
            f"extractor '{extractor.name}' offers no maps to project (ganzoo.FeatureMaps); choose one that does"
        )
    return extractor


def _seen_at(options: ProjectedOptions, resolution: int) -> int:
    return options.seen_at or max(resolution, _PUBLISHED_SIDE)


def _heads(options: ProjectedOptions, images: ImageSpec) -> list[HeadShape]:
    try:
        shapes = _maps_of(options).map_shapes(_seen_at(options, images.resolution))
    except PluginError:  # `incompatibility` says it
        shapes = ()
    if not shapes:
        return []
    widths = [options.mixed_channels << depth for depth in range(len(shapes))]
    sides = [side for _, side in shapes]
    if options.mixing == "none":
        return head_shapes([width for width, _ in shapes], sides)
    if options.mixing == "channels":
        return head_shapes(widths, sides)
    # Mixing across scales doubles every map.
    return head_shapes(mixed_widths(widths), [2 * side for side in sides])
