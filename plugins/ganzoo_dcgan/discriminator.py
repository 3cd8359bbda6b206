"""Discriminator of DCGAN."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from ganzoo import ComponentOptions, Discriminator, ImageSpec, RecipeContext, Regularizer
from ganzoo.layers import LOWEST_RESOLUTION
from ganzoo_dcgan.layers import (
    Kernel,
    Normalization,
    bare_bias,
    down,
    hidden_bias,
    initialize,
    normalize,
    resolution_problem,
    widths,
)


class DCGANDiscriminatorOptions(ComponentOptions):
    """Options of the discriminator; the defaults are the paper's."""

    width: PositiveInt = Field(
        default=128, description="Channels of the first hidden map; each coarser one has twice as many."
    )
    max_width: PositiveInt = Field(default=1024, description="Most channels a map may have.")
    kernel: Kernel = Field(default=5, description="Size of the kernels: 5 as in the paper, or 4.")
    normalization: Normalization = Field(
        default="batch",
        description="Normalization of hidden layers but the first; `layer` is over channels and pixels of each image.",
    )


class DCGANDiscriminator(Discriminator[DCGANDiscriminatorOptions]):
    """Convolutions of stride 2 with leaky ReLU 0.2 to one dense logit; the defaults are the paper's.

    The first layer is not normalized, and there is no sigmoid at the end: the loss owns it. Labels, where there are
    any, enter by projection (arXiv:1802.05637): the logit gains the inner product of a learned vector per class and
    the sum over pixels of the last feature map.

    Paper: Radford et al., arXiv:1511.06434, section 3.
    """

    name = "dcgan"
    reduces_over_ranks: ClassVar[bool] = True

    Options = DCGANDiscriminatorOptions

    def __init__(self, options: DCGANDiscriminatorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        kind = options.normalization
        first, *coarser = widths(images.resolution, options.width, options.max_width)
        layers: list[nn.Module] = [
            # Not normalized: with batch normalization everywhere, samples oscillate (section 3).
            down(images.channels, first, options.kernel, bias=bare_bias(kind)),
            # The slope of section 4.
            nn.LeakyReLU(0.2, inplace=True),
        ]
        inputs = first
        for outputs in coarser:
            layers += [
                down(inputs, outputs, options.kernel, bias=hidden_bias(kind)),
                *normalize(kind, outputs),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            inputs = outputs
        self.layers = nn.Sequential(*layers)
        # No pooling before it: the paper flattens the last map (section 3).
        self.dense = nn.Linear(inputs * LOWEST_RESOLUTION**2, 1, bias=bare_bias(kind))
        self.projection = nn.Linear(images.label_dim, inputs, bias=False) if images.label_dim else None
        self.apply(initialize)

    @classmethod
    def example_options(cls, folder: Path) -> DCGANDiscriminatorOptions:
        return DCGANDiscriminatorOptions(width=8, max_width=16)

    @classmethod
    def incompatibility(cls, options: DCGANDiscriminatorOptions, context: RecipeContext) -> str | None:
        if options.normalization == "batch":
            # The variance of a batch of one is 0, whatever the image.
            if min(context.batch_sizes) == 1:
                return (
                    "batch normalization needs more than one image in a batch: "
                    'raise training.batch_size, or set discriminator.normalization = "layer"'
                )
            # WGAN-GP's own rule: no batch normalization in its critic (arXiv:1704.00028, section 4).
            for penalty in context.regularizers:
                if issubclass(penalty.cls, Regularizer) and penalty.cls.per_sample_gradient:
                    return (
                        f"the penalty {penalty.cls.name!r} bounds the gradient of each image's own logit, and batch "
                        "normalization makes a logit depend on the whole batch: "
                        'set discriminator.normalization = "layer"'
                    )
        return resolution_problem("the dcgan discriminator", context.images.resolution)

    @classmethod
    def depends_on_batch(cls, options: DCGANDiscriminatorOptions) -> bool:
        return bool(options.normalization == "batch")

    def features(self, images: Tensor, labels: Tensor) -> list[Tensor]:
        """Return each activation on the way to the logit: one map per resolution, from half of the images' on."""
        found = []
        for layer in self.layers:
            images = layer(images)
            if isinstance(layer, nn.LeakyReLU):
                found.append(images)
        return found

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        features = self.layers(images)
        logits = self.dense(features.flatten(1)).squeeze(1)
        if self.projection is None:
            return logits
        # Inner product of the class's vector and the sum-pooled features (arXiv:1802.05637, section 3).
        return logits + (self.projection(labels) * features.sum(dim=(2, 3))).sum(dim=1)
