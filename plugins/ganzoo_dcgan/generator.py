"""Generator of DCGAN."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn

from ganzoo import ComponentOptions, Generator, ImageSpec, RecipeContext
from ganzoo.layers import LOWEST_RESOLUTION, BatchNorm1d
from ganzoo_dcgan.layers import (
    Kernel,
    Normalization,
    bare_bias,
    hidden_bias,
    initialize,
    normalize,
    resolution_problem,
    up,
    widths,
)


class DCGANGeneratorOptions(ComponentOptions):
    """Options of the generator; the defaults are the paper's."""

    latent_dim: PositiveInt = Field(default=100, description="Size of the latents.")
    latents: Literal["uniform", "normal"] = Field(
        default="uniform", description="Distribution of the latents: U(-1, 1) as in the paper, or N(0, 1)."
    )
    width: PositiveInt = Field(
        default=128, description="Channels of the finest hidden map; each coarser one has twice as many."
    )
    max_width: PositiveInt = Field(default=1024, description="Most channels a map may have.")
    kernel: Kernel = Field(default=5, description="Size of the kernels: 5 as in the paper, or 4.")
    normalization: Normalization = Field(
        default="batch",
        description="Normalization of the hidden layers; `layer` is over channels and pixels of each image.",
    )
    batch_norm_of_dense: Literal["units", "channels"] = Field(
        default="units",
        description="Batch normalization of the dense layer: of each unit, as in the authors' code, or of each channel "
        "of the 4x4 maps that they are laid out as, as in PyTorch's tutorial.",
    )

    @model_validator(mode="after")
    def _only_batches_have_units(self) -> DCGANGeneratorOptions:
        if self.batch_norm_of_dense == "channels" and self.normalization != "batch":
            raise ValueError(
                f'batch_norm_of_dense is of normalization = "batch", not "{self.normalization}": leave it out'
            )
        return self


class DCGANGenerator(Generator[DCGANGeneratorOptions]):
    """Dense layer, then transposed convolutions of stride 2 to a tanh; the defaults are the paper's.

    Labels, where there are any, are concatenated to the latents (one-hot). The last layer is not normalized.

    Paper: Radford et al., arXiv:1511.06434, section 3 and figure 1.
    """

    name = "dcgan"
    reduces_over_ranks: ClassVar[bool] = True

    Options = DCGANGeneratorOptions

    def __init__(self, options: DCGANGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        self.distribution = options.latents
        kind = options.normalization
        *finer, coarsest = widths(images.resolution, options.width, options.max_width)
        units = coarsest * LOWEST_RESOLUTION**2
        self.dense = nn.Linear(options.latent_dim + images.label_dim, units, bias=hidden_bias(kind))
        # The authors normalize each unit of the dense layer over the batch; PyTorch's tutorial, whose first layer is a
        # transposed convolution of 1x1 maps (the same but for this), each channel over batch and pixels.
        by_unit = kind == "batch" and options.batch_norm_of_dense == "units"
        flat: list[nn.Module] = [BatchNorm1d(units)] if by_unit else []
        unfold = nn.Unflatten(1, (coarsest, LOWEST_RESOLUTION, LOWEST_RESOLUTION))
        mapped = [] if by_unit else normalize(kind, coarsest)
        layers: list[nn.Module] = [*flat, unfold, *mapped, nn.ReLU(inplace=True)]
        # Every step doubles the resolution and halves the channels (figure 1).
        inputs = coarsest
        for outputs in reversed(finer):
            layers += [
                up(inputs, outputs, options.kernel, bias=hidden_bias(kind)),
                *normalize(kind, outputs),
                nn.ReLU(inplace=True),
            ]
            inputs = outputs
        # The last layer is bare, and bounded by a tanh like the scaled images (sections 3 and 4).
        layers += [up(inputs, images.channels, options.kernel, bias=bare_bias(kind)), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(initialize)

    @classmethod
    def example_options(cls, folder: Path) -> DCGANGeneratorOptions:
        return DCGANGeneratorOptions(latent_dim=16, width=8, max_width=16)

    @classmethod
    def incompatibility(cls, options: DCGANGeneratorOptions, context: RecipeContext) -> str | None:
        if options.normalization == "batch" and min(context.batch_sizes) == 1:
            return (
                "batch normalization needs more than one image in a batch: "
                'raise training.batch_size, or set generator.normalization = "layer"'
            )
        return resolution_problem("the dcgan generator", context.images.resolution)

    @classmethod
    def depends_on_batch(cls, options: DCGANGeneratorOptions) -> bool:
        return bool(options.normalization == "batch")

    def sample_latents(self, count: int, rng: torch.Generator) -> Tensor:
        if self.distribution == "normal":
            return super().sample_latents(count, rng)
        # The 100 uniform numbers of figure 1; U(-1, 1) is the authors' code.
        return torch.rand(count, self.latent_dim, generator=rng) * 2 - 1

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.layers(self.dense(torch.cat([latents, labels], dim=1)))
