"""Reconstruction: the critic's features are to hold what the reals look like (arXiv:2101.04775, section 3.2)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from ganzoo import (
    Chooses,
    ChosenPart,
    Discriminator,
    Extractor,
    Featured,
    ImageSpec,
    Perceptual,
    PluginError,
    RecipeContext,
    Regularizer,
    RegularizerOptions,
    Role,
    Scheduled,
    Step,
    build_chosen,
)
from ganzoo.layers import Frozen
from ganzoo_fastgan.decoder import Decoder


class ReconstructionOptions(RegularizerOptions):
    """Strength, what is decoded, and how it is compared; the defaults are those of the critic `fastgan`."""

    weight: Scheduled[NonNegativeFloat] = Field(
        default=1.0, description="Weight of the sum over decoders. The authors' code has its batch, 8."
    )
    whole: tuple[int, ...] = Field(
        default=(-2, -1), description="Which of the discriminator's features are decoded to the whole image."
    )
    quarters: tuple[int, ...] = Field(
        default=(-3,),
        description="Which, of a side of 2 at least, are decoded to a quarter of the image from the same quarter.",
    )
    largest: PositiveInt = Field(default=128, description="Largest side of what the decoders make, a power of two.")
    width: PositiveInt = Field(
        default=32, description="Channels of the last maps of a decoder to 128 pixels; others have up to four times it."
    )
    features: Annotated[ChosenPart[Extractor] | None, Chooses("extractor")] = Field(
        default=None,
        description="Extractor in whose perceptual features images are compared: `vgg16` as published. Absent: mean "
        "absolute difference of pixels. Scores in its features then say nothing: score with another.",
    )


class Reconstruction(Regularizer[ReconstructionOptions]):
    """Decoders of the critic's features, trained with it to give back the reals: it cannot look at few details alone.

    weight * sum over decoders of mean_i d(decoded_i, real_i), d a perceptual distance or the mean absolute difference
    of pixels. The images are those that the critic was shown, augmented and averaged down to what a decoder makes. The
    quarter of a step is one of four, the same for all images. Its decoders have batch normalization.

    Paper: Liu et al., arXiv:2101.04775, equation 3.
    """

    name = "reconstruction"
    reduces_over_ranks: ClassVar[bool] = True
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    discriminator_must_be: ClassVar[type] = Featured

    Options = ReconstructionOptions

    def __init__(self, options: ReconstructionOptions) -> None:
        super().__init__(options)
        self.decoders = nn.ModuleList()
        self.perceptual = None if options.features is None else Frozen(_perceptual(options.features))

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True

    @classmethod
    def example_options(cls, folder: Path) -> ReconstructionOptions:
        return ReconstructionOptions(whole=(-1,), quarters=(), width=2)

    @classmethod
    def incompatibility(cls, options: ReconstructionOptions, context: RecipeContext) -> str | None:
        if not options.whole and not options.quarters:
            return "reconstruction: nothing is decoded; name features in whole or quarters, or remove the penalty"
        if options.largest & (options.largest - 1):
            return f"reconstruction: largest should be a power of two, but is {options.largest}"
        if len({phase.resolution for phase in context.phases}) > 1:
            return "reconstruction: its decoders read features of one size; remove it, or [training.growth]"
        return None

    def prepare(self, images: ImageSpec, discriminator: Discriminator) -> None:
        channels = _channels(images, discriminator)
        side = images.resolution
        for layers, made in ((self.options.whole, side), (self.options.quarters, side // 2)):
            for number in layers:
                if not -len(channels) <= number < len(channels):
                    raise PluginError(
                        f"reconstruction: discriminator '{discriminator.name}' has {len(channels)} features, and none "
                        f"is number {number}; name others in whole and quarters"
                    )
                size = min(made, self.options.largest)
                self.decoders.append(Decoder(channels[number], images.channels, size, self.options.width))

    def penalty(self, step: Step) -> Tensor:
        shown = step.real_shown
        features = step.critic_features(shown, step.labels, augment=False)
        place = (step.uniform() * 4).long()
        wholes = [(features[number], shown) for number in self.options.whole]
        parts = [(quarter(features[number], place), quarter(shown, place)) for number in self.options.quarters]
        distances = [
            self._distance(decoder(seen), image)
            for decoder, (seen, image) in zip(self.decoders, [*wholes, *parts], strict=True)
        ]
        return self.options.weight * torch.stack(distances).sum()

    def _distance(self, decoded: Tensor, images: Tensor) -> Tensor:
        # What is aimed at moves nothing, also where a penalty differentiates the images.
        wanted = adaptive_avg_pool2d(images.detach(), decoded.shape[-1])
        if self.perceptual is None:
            return (decoded - wanted).abs().mean()
        seen: list[Tensor] = [self.perceptual(each.expand(-1, 3, -1, -1)) for each in (decoded, wanted)]
        return (seen[0] - seen[1]).square().sum(dim=1).mean()


def quarter(maps: Tensor, place: Tensor) -> Tensor:
    """Return a quarter of maps or images `[N, C, r, r]`: 0 top left, 1 top right, 2 bottom left, 3 bottom right."""
    count, channels, _, side = maps.shape
    cut = maps.reshape(count, channels, 2, side // 2, 2, side // 2).transpose(3, 4).flatten(2, 3)
    # Chosen on the device, which is not waited for.
    return cut.index_select(2, place.reshape(1)).squeeze(2)


def _perceptual(chosen: ChosenPart[Extractor]) -> nn.Module:
    extractor = build_chosen(chosen)
    if not isinstance(extractor, Perceptual):
        raise PluginError(
            f"extractor '{extractor.name}' offers no perceptual features (ganzoo.Perceptual) to compare images in; "
            f"choose one that does, or leave out features"
        )
    return extractor.perceptual()


def _channels(images: ImageSpec, discriminator: Discriminator) -> list[int]:
    """Return the channels of each of the critic's features; what is no map counts as one of a single place."""
    if not isinstance(discriminator, Featured):
        raise PluginError(f"reconstruction: discriminator '{discriminator.name}' has no features to decode")
    device = next(discriminator.parameters()).device
    training = discriminator.training
    discriminator.eval()  # so that no running statistic moves
    blank = torch.zeros(1, images.channels, images.resolution, images.resolution, device=device)
    with torch.no_grad():
        found = discriminator.features(blank, torch.zeros(1, images.label_dim, device=device))
    discriminator.train(training)
    return [each.shape[1] if each.dim() == 4 else each[0].numel() for each in found]
