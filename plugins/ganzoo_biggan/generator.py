"""Generator of BigGAN."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from pydantic import Field, NonNegativeInt, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import relu

from ganzoo import Generator, ImageSpec, RecipeContext
from ganzoo.layers import LOWEST_RESOLUTION, BatchNorm2d, redrawn_within
from ganzoo_biggan.layers import Makes, UpBlock
from ganzoo_biggan.shape import BigGANOptions, generator_blocks, shape_problem


class BigGANGeneratorOptions(BigGANOptions):
    """Options of the generator."""

    latent_dim: PositiveInt = Field(default=120, description="Size of the latents.")
    hierarchical: bool = Field(
        default=True,
        description="Split the latents as evenly as possible: a chunk for the dense layer, and one for the condition "
        "of each block. Without it, the dense layer sees all.",
    )
    embedding: NonNegativeInt = Field(
        default=128,
        description="Size of the embedding of labels that all layers share; 0: each layer has a gain and a bias per "
        "class of its own, as the authors' code has for CIFAR-10.",
    )


class BigGANGenerator(Generator[BigGANGeneratorOptions]):
    """Residual blocks with conditional batch normalization and spectral normalization; not BigGAN-deep.

    A dense layer of the first chunk of the latents makes 4x4 maps; each block doubles them, and the gains and biases
    of its normalizations are linear in the shared embedding of the label beside a chunk of the latents of its own.
    Batch normalization, ReLU, a 3x3 convolution and a tanh make the image.

    Paper: Brock et al., arXiv:1809.11096, section 3 and appendix B.
    """

    name = "biggan"
    reduces_over_ranks: ClassVar[bool] = True

    Options = BigGANGeneratorOptions

    def __init__(self, options: BigGANGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        makes, shapes = Makes(options.initial_weights), generator_blocks(options, images.resolution)
        self.latent_dim = options.latent_dim
        self.chunks = _chunks(options.latent_dim, len(shapes) + 1) if options.hierarchical else [options.latent_dim]
        embeds = images.label_dim > 0 and options.embedding > 0
        # Without spectral normalization: it cripples training here (a comment in the authors' code).
        self.embedding = makes.drawn(nn.Linear(images.label_dim, options.embedding, bias=False)) if embeds else None
        self.dense = makes.linear(self.chunks[0], shapes[0].inputs * LOWEST_RESOLUTION**2)
        known = options.embedding if embeds else images.label_dim
        shared = embeds or options.hierarchical
        conditions = [known + size for size in self.chunks[1:]] or [known] * len(shapes)
        self.blocks = nn.ModuleList(
            UpBlock(shape, makes, size, shared=shared) for shape, size in zip(shapes, conditions, strict=True)
        )
        attended = [shape.resolution in options.attention_at for shape in shapes]
        self.attention = nn.ModuleList(
            makes.attention(shape.outputs) if looks else nn.Identity()
            for shape, looks in zip(shapes, attended, strict=True)
        )
        self.norm = BatchNorm2d(shapes[-1].outputs)
        self.to_rgb = makes.convolution(shapes[-1].outputs, images.channels)

    @classmethod
    def example_options(cls, folder: Path) -> BigGANGeneratorOptions:
        return BigGANGeneratorOptions(latent_dim=12, embedding=4, width=2)

    @classmethod
    def incompatibility(cls, options: BigGANGeneratorOptions, context: RecipeContext) -> str | None:
        if problem := shape_problem("generator", options, context.images.resolution):
            return problem
        if min(context.batch_sizes) == 1:
            return "batch normalization needs more than one image in a batch: raise training.batch_size"
        chunks = len(generator_blocks(options, context.images.resolution)) + 1
        if options.hierarchical and options.latent_dim < chunks:
            return (
                f"latents of {options.latent_dim} cannot be split into {chunks}: raise latent_dim to {chunks} or more"
            )
        return None

    @classmethod
    def depends_on_batch(cls, options: BigGANGeneratorOptions) -> bool:
        return True

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        known = labels if self.embedding is None else self.embedding(labels)
        first, *chunks = torch.split(latents, self.chunks, dim=1)
        conditions = [torch.cat([known, chunk], dim=1) for chunk in chunks] or [known] * len(self.blocks)
        maps = self.dense(first).unflatten(1, (-1, LOWEST_RESOLUTION, LOWEST_RESOLUTION))
        for block, condition, attend in zip(self.blocks, conditions, self.attention, strict=True):
            maps = attend(block(maps, condition))
        images: Tensor = self.to_rgb(relu(self.norm(maps))).tanh()
        return images

    def truncate_latents(self, latents: Tensor, threshold: float, rng: torch.Generator) -> Tensor:
        """Draw numbers beyond the threshold again: the paper's truncation trick."""
        return redrawn_within(latents, threshold, rng)


def _chunks(size: int, count: int) -> list[int]:
    """Return `count` sizes that sum to `size`, the larger ones first."""
    return [size // count + (number < size % count) for number in range(count)]
