"""Discriminator of BigGAN."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import relu

from ganzoo import Discriminator, ImageSpec, RecipeContext
from ganzoo.layers import ProjectionHead
from ganzoo_biggan.layers import DownBlock, Makes
from ganzoo_biggan.shape import BigGANOptions, discriminator_blocks, shape_problem


class BigGANDiscriminatorOptions(BigGANOptions):
    """Options of the discriminator."""

    projection: bool = Field(
        default=True,
        description="Whether the logit knows the class of the image, by projection. Without it labels are not "
        "looked at, as in AC-GAN and ContraGAN, whose penalties do.",
    )


class BigGANDiscriminator(Discriminator[BigGANDiscriminatorOptions]):
    """Residual blocks of spectral norm 1 with average pooling, and a projection of the label.

    The last maps are summed over pixels; the logit is a linear layer of them and their product with an embedding of
    the label (arXiv:1802.05637). No image sees another of its batch. Its last features are these sums.

    Paper: Brock et al., arXiv:1809.11096, section 3 and appendix B.
    """

    name = "biggan"

    Options = BigGANDiscriminatorOptions

    def __init__(self, options: BigGANDiscriminatorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        makes = Makes(options.initial_weights)
        shapes = discriminator_blocks(options, images.resolution, images.channels)
        self.blocks = nn.ModuleList(DownBlock(shape, makes, first=number == 0) for number, shape in enumerate(shapes))
        attended = [shape.resamples and shape.resolution in options.attention_at for shape in shapes]
        self.attention = nn.ModuleList(
            makes.attention(shape.outputs) if looks else nn.Identity()
            for shape, looks in zip(shapes, attended, strict=True)
        )
        label_dim = images.label_dim if options.projection else 0
        self.head = ProjectionHead(shapes[-1].outputs, label_dim, linear=makes.linear)

    @classmethod
    def example_options(cls, folder: Path) -> BigGANDiscriminatorOptions:
        return BigGANDiscriminatorOptions(width=2)

    @classmethod
    def incompatibility(cls, options: BigGANDiscriminatorOptions, context: RecipeContext) -> str | None:
        return shape_problem("discriminator", options, context.images.resolution)

    def features(self, images: Tensor, labels: Tensor) -> list[Tensor]:
        """Return the maps of each block, and their sums over pixels `[N, F]`, of which the logit is made."""
        found = []
        for block, attend in zip(self.blocks, self.attention, strict=True):
            images = attend(block(images))
            found.append(images)
        return [*found, relu(images).sum(dim=(2, 3))]

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(images, labels)[-1], labels)
        return logits
