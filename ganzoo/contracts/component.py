"""Component: what a recipe can name, the options that it takes, and the recipe around it.

Shapes, here and in all contracts: N batch, C channels, R resolution, Z latent size, L label size, S style layers,
W style size. Images are `[N, C, R, R]` in [-1, 1]. Labels are never None: without classes L = 0, so `[N, 0]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypeVar

from ganzoo.contracts.phase import Phase

PixelArray = NDArray[np.uint8]


@dataclass(frozen=True)
class ImageSpec:
    """What the images are. The dataset states it; both networks are built from it, so they agree by construction."""

    resolution: int
    channels: int
    label_dim: int = 0


class ComponentOptions(BaseModel):
    """Options of a part: every one has a default where possible, a range and a description."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


# `Generator` alone, without brackets, is one of any options: what a hook returns, and a part that has none.
OptionsT = TypeVar("OptionsT", bound=ComponentOptions, default=Any)


class Component(Generic[OptionsT]):
    """A part that a recipe can name.

    A part with options says so twice, once for the type checker and once for the recipe:

        class Acme(Generator[AcmeOptions]):
            Options = AcmeOptions

    The first line of the class's docstring is its one-line description; a line `Paper: ...` names its source.

    Attributes:
        reduces_over_ranks: Whether what depends on the batch sees all of it where several processes share one, by
            `batch_mean`, `all_rows`, `MinibatchStd` or `BatchNorm2d` of `ganzoo.layers`; else it is refused there.
    """

    name: ClassVar[str]
    reduces_over_ranks: ClassVar[bool] = False
    Options: ClassVar[type[ComponentOptions]] = ComponentOptions

    @classmethod
    def incompatibility(cls, options: OptionsT, context: RecipeContext) -> str | None:
        """Say why this part cannot work in `context`, with the remedy, or None. Nothing is built yet."""
        return None

    @classmethod
    def extractors_read(cls, options: OptionsT) -> tuple[str, ...]:
        """Name extractors that this part reads in training, besides those of its options: they judge no such run."""
        return ()

    @classmethod
    def depends_on_batch(cls, options: OptionsT) -> bool:
        """Whether an image's result depends on its batch (batch norm): it is refused where a batch is split."""
        return False

    @classmethod
    def example_options(cls, folder: Path) -> OptionsT | None:
        """Return options to test this part with: small ones, or some where options have no default; None: the defaults.

        `folder` is for files that the options name: empty, and removed after the tests, which alone ask.
        """
        return None


PartT = TypeVar("PartT", bound="Component", covariant=True)


@dataclass(frozen=True)
class ConfiguredPart(Generic[PartT]):
    """A part as a recipe chose it: its class and its validated options."""

    cls: type[PartT]
    options: Any


@dataclass(frozen=True)
class RecipeContext:
    """What a recipe combines: classes and options only, nothing built and no data read.

    Attributes:
        images: What the dataset's images are.
        phases: The phases of the training, one unless the networks grow.
        micro_batch: Images per part of a split batch; 0 where batches are not split.
        discriminator_steps: Discriminator updates per generator update.
        generator: The generator; likewise the discriminator and the adversarial loss.
        regularizers: All regularizers, those that the loss brings along too.
        augmentation: What stands in front of the discriminator, or None.
        precision: What networks compute in: `fp32`, `bf16` or `fp16`.
        logits_per_image: How many logits the discriminator gives each image: 1, or K.
        ranks: Processes that share each batch; known once a training begins.
    """

    images: ImageSpec
    phases: tuple[Phase, ...]
    micro_batch: int
    discriminator_steps: int
    generator: ConfiguredPart[Component]
    discriminator: ConfiguredPart[Component]
    loss: ConfiguredPart[Component]
    regularizers: tuple[ConfiguredPart[Component], ...]
    augmentation: ConfiguredPart[Component] | None = None
    precision: str = "fp32"
    logits_per_image: int = 1
    ranks: int = 1

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The sizes of the batches that the networks will really see, one per phase."""
        return tuple(min(phase.batch_size, self.micro_batch or phase.batch_size) for phase in self.phases)
