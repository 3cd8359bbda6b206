"""Discriminator of SNGAN and SAGAN."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, relu

from ganzoo import Discriminator, ImageSpec, RecipeContext
from ganzoo.layers import LOWEST_RESOLUTION, ProjectionHead, resolution_problem, resolutions
from ganzoo_sngan.layers import (
    RELU_GAIN,
    SNGANOptions,
    attention,
    attention_problem,
    channels,
    convolution,
    halving,
    linear,
)

_SLOPE = 0.1  # of the plain network's leaky ReLUs (table 3)


class SNGANDiscriminatorOptions(SNGANOptions):
    """Options of the discriminator; the defaults are the residual one's for CIFAR-10."""

    spectral_norm: bool = Field(
        default=True, description="Whether weights are divided by their spectral norm, which makes layers 1-Lipschitz."
    )
    width: PositiveInt = Field(
        default=128, description="Channels of the finest maps; each coarser one has twice as many."
    )
    max_width: PositiveInt = Field(default=128, description="Most channels a map may have.")
    coarsest: Literal[4, 8] = Field(
        default=8, description="Resolution of a residual network's last maps: 8 for CIFAR-10, 4 for SAGAN's 128x128."
    )
    final_blocks: NonNegativeInt = Field(
        default=2, description="Residual blocks at that resolution: 2 for CIFAR-10, 1 for SAGAN's 128x128."
    )

    @model_validator(mode="after")
    def _only_residual_networks_end_in_blocks(self) -> SNGANDiscriminatorOptions:
        for key in ("coarsest", "final_blocks"):
            if self.architecture == "plain" and getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f'{key} is of architecture = "residual"; the plain one ends at 4x4: leave it out')
        return self


class SNGANDiscriminator(Discriminator[SNGANDiscriminatorOptions]):
    """Residual blocks, or convolutions, whose weights are divided by their largest singular value.

    Each residual block halves the resolution by averages after two 3x3 convolutions, beside a 1x1 convolution; the
    last ones keep it. What a ReLU leaves is summed over all places, and a linear layer gives the logit. The plain
    network has 3x3 and 4x4 convolutions in turn, and its logit reads all places of 4x4. Where there are classes, the
    features are projected on the class's own too. Nothing is normalized by the batch: each image is judged alone.

    Paper: Miyato et al., arXiv:1802.05957, algorithm 1, tables 3 and 4; classes: Miyato and Koyama, arXiv:1802.05637;
    attention: Zhang et al., arXiv:1805.08318.
    """

    name = "sngan"

    Options = SNGANDiscriminatorOptions

    def __init__(self, options: SNGANDiscriminatorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.residual = options.architecture == "residual"
        body = _residual_body if self.residual else _plain_body
        self.body = nn.ModuleList(body(options, images))
        last = channels(options, images.resolution, 2 * options.coarsest if self.residual else LOWEST_RESOLUTION)
        features = last if self.residual else last * LOWEST_RESOLUTION**2
        self.head = ProjectionHead(features, images.label_dim, linear=partial(linear, options))

    @classmethod
    def example_options(cls, folder: Path) -> SNGANDiscriminatorOptions:
        return SNGANDiscriminatorOptions(width=8, max_width=8, final_blocks=0, attention_at=(8,))

    @classmethod
    def incompatibility(cls, options: SNGANDiscriminatorOptions, context: RecipeContext) -> str | None:
        part, resolution = "the sngan discriminator", context.images.resolution
        if problem := resolution_problem(part, resolution):
            return problem
        lowest = options.coarsest if options.architecture == "residual" else LOWEST_RESOLUTION
        if lowest >= resolution:
            return f"{part}'s first block halves the resolution, so its last maps are not of {resolution}: coarsest = 4"
        return attention_problem(part, options, resolutions(resolution // 2, lowest)[::-1])

    def features(self, images: Tensor, labels: Tensor) -> list[Tensor]:
        """Return the maps of each stage, and what the logit is made of `[N, F]`."""
        found = []
        for stage in self.body:
            images = stage(images)
            found.append(images)
        # A sum, not a mean (table 4): the number of places is part of the logits' scale.
        return [*found, relu(images).sum(dim=(2, 3)) if self.residual else images.flatten(1)]

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(images, labels)[-1], labels)
        return logits


def _residual_body(options: SNGANDiscriminatorOptions, images: ImageSpec) -> list[nn.Module]:
    """Stages from the images to the last maps (table 4)."""
    inputs, stages = images.channels, []
    for number, at in enumerate(resolutions(images.resolution // 2, options.coarsest)[::-1]):
        outputs = channels(options, images.resolution, 2 * at)
        block = _DownBlock(options, inputs, outputs, first=number == 0)
        stages.append(nn.Sequential(block, attention(options, outputs, at)))
        inputs = outputs
    last = [_DownBlock(options, inputs, inputs, halves=False) for _ in range(options.final_blocks)]
    return [*stages, *last]


def _plain_body(options: SNGANDiscriminatorOptions, images: ImageSpec) -> list[nn.Module]:
    """Stages from the images to 4x4 (table 3)."""
    width = partial(channels, options, images.resolution)
    inputs, stages = images.channels, []
    for at in resolutions(images.resolution)[:0:-1]:
        layers = [convolution(options, inputs, width(at), size=3), nn.LeakyReLU(_SLOPE)]
        layers += [halving(options, width(at), width(at)), nn.LeakyReLU(_SLOPE), attention(options, width(at), at // 2)]
        stages.append(nn.Sequential(*layers))
        inputs = width(at)
    last = convolution(options, inputs, width(LOWEST_RESOLUTION), size=3)
    return [*stages, nn.Sequential(last, nn.LeakyReLU(_SLOPE))]


class _DownBlock(nn.Module):
    """Residual block (figure 8): `[N, inputs, H, W]` to `[N, outputs, H / 2, W / 2]`, or to H and W.

    Args:
        options: Of the network.
        inputs: Channels in.
        outputs: Channels out.
        first: Whether it reads the images, which pass no ReLU.
        halves: Whether it halves the resolution.
    """

    def __init__(
        self, options: SNGANDiscriminatorOptions, inputs: int, outputs: int, *, first: bool = False, halves: bool = True
    ) -> None:
        super().__init__()
        self.is_first, self.halves = first, halves
        self.first = convolution(options, inputs, outputs, size=3, gain=RELU_GAIN)
        self.second = convolution(options, outputs, outputs, size=3, gain=RELU_GAIN)
        self.skip = convolution(options, inputs, outputs, size=1) if halves or inputs != outputs else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        branch = self.first(maps if self.is_first else relu(maps))
        branch = self.second(relu(branch))
        if not self.halves:
            return branch + self.skip(maps)
        # A mean of 1x1 convolutions is the convolution of the mean, for a quarter of the work; so in each block,
        # where the authors' code does it in the first.
        return avg_pool2d(branch, 2) + self.skip(avg_pool2d(maps, 2))
