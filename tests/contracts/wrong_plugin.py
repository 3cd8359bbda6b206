"""A plugin with a misspelled option in each kind of part, beside a right one; never imported, only type-checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from ganzoo import (
    AdversarialLoss,
    Augmentation,
    ComponentOptions,
    DatasetOptions,
    Discriminator,
    Display,
    Drawing,
    Entry,
    Estimate,
    Extractor,
    Generator,
    GeneratorFigure,
    ImageDataset,
    ImageSpec,
    Item,
    Metric,
    MetricInput,
    Picture,
    PixelArray,
    RecipeContext,
    Regularizer,
    RegularizerOptions,
    Role,
    Source,
    Step,
    WeightsFile,
)
from ganzoo.figures import OpenedGenerator
from ganzoo_figures.truncation import Truncation


class Sizes(ComponentOptions):
    """Of a network."""

    width: int = 8


class Strength(RegularizerOptions):
    """Of a penalty."""

    gamma: float = 1.0


class Plain(DatasetOptions):
    """Of a dataset."""

    count: int = 4


class SomeGenerator(Generator[Sizes]):
    """Misspells in `__init__` and in `incompatibility`."""

    name = "some"
    Options = Sizes

    def __init__(self, options: Sizes, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.width
        self.latent_dim = options.witdh  # wrong: witdh

    @classmethod
    def incompatibility(cls, options: Sizes, context: RecipeContext) -> str | None:
        return "too wide" if options.width > 9 or options.wide else None  # wrong: wide

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return latents


class OtherDiscriminator(Discriminator[Sizes]):
    """Takes the options of another part."""

    name = "other"
    Options = Sizes

    def __init__(self, options: Strength, images: ImageSpec) -> None:
        super().__init__(options, images)  # wrong: expected "Sizes"

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return images


class SomeLoss(AdversarialLoss[Sizes]):
    """Misspells in a method."""

    name = "some"
    Options = Sizes

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return real * self.options.width

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return fake * self.options.weight  # wrong: weight


class SomePenalty(Regularizer[Strength]):
    """Has options of every regularizer, and its own."""

    name = "some"
    Options = Strength
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    def penalty(self, step: Step) -> Tensor:
        return step.real * self.options.gamma * self.options.every * self.options.gama  # wrong: gama


class SomeAugmentation(Augmentation[Sizes]):
    """Misspells in a method."""

    name = "some"
    Options = Sizes

    def forward(self, images: Tensor) -> Tensor:
        return images * self.options.width * self.options.with_  # wrong: with_


class SomeDataset(ImageDataset[Plain]):
    """Has options of every dataset, and its own."""

    name = "some"
    Options = Plain

    @classmethod
    def spec_of(cls, options: Plain) -> ImageSpec:
        return ImageSpec(options.resolution, options.channels)  # wrong: channels

    def items(self) -> Sequence[Item]:
        return [Item(key=str(number)) for number in range(self.options.count)]

    def load(self, item: Item) -> PixelArray:
        raise NotImplementedError(self.options.mirored)  # wrong: mirored


class SomeExtractor(Extractor[Sizes]):
    """Misspells in a method."""

    name = "some"
    Options = Sizes

    def weights(self) -> WeightsFile | None:
        return WeightsFile(Path(str(self.options.width)), "", official=False)

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {"width": self.options.width, "depth": self.options.depth}  # wrong: depth

    def build(self, layers: Sequence[str]) -> nn.Module:
        raise NotImplementedError


class SomeMetric(Metric[Sizes]):
    """Misspells in a method."""

    name = "some"
    Options = Sizes
    values: ClassVar[Mapping[str, Display]] = {"some": Display("some")}
    reads: ClassVar[tuple[str, ...]] = ("pooled",)

    def images_needed(self) -> int:
        return self.options.width + self.options.subset  # wrong: subset

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        return {"some": Estimate(float(data.blocks))}


class SomeSource(Source[Sizes]):
    """Misspells in a method."""

    name = "some"
    Options = Sizes

    def entries(self) -> Sequence[Entry]:
        return [Entry(key=str(number)) for number in range(self.options.width + self.options.height)]  # wrong: height

    def picture(self, key: str) -> Picture:
        raise NotImplementedError


class SomeFigure(GeneratorFigure):
    """Misspells in a method."""

    name = "some"
    count: int = 4

    def draw(self, source: OpenedGenerator, /) -> Drawing:
        raise NotImplementedError(self.count, self.cuont)  # wrong: cuont


drawn = SomeFigure(count=2)
undrawn = SomeFigure(cuont=2)  # wrong: cuont
untyped = SomeFigure(count="two")  # wrong: incompatible type
shown = Truncation(psi=(0.5, 1.0))
hidden = Truncation(pis=(0.5, 1.0))  # wrong: pis
made = Strength(gamma=2.0, every=4)
misspelled = Strength(gama=2.0)  # wrong: gama
