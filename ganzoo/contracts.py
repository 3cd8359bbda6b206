"""The parts of an experiment, as types. With `hookspecs.py` this is all that a plugin author must read.

Shapes: N batch, C channels, R resolution, Z latent size, L label size, S style layers, W style size.
Images are `[N, C, R, R]` in [-1, 1]. Labels are never None: an unconditional model has L = 0, so `[N, 0]`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt
from torch import Tensor, nn

from ganzoo.phases import Phase

PixelArray = NDArray[np.uint8]
NoiseMode = Literal["random", "constant", "none"]


@dataclass(frozen=True)
class ImageSpec:
    """What the images are. The data set states it; both networks are built from it, so they fit by construction."""

    resolution: int
    channels: int
    label_dim: int = 0


class ComponentOptions(BaseModel):
    """Options of a part: every one has a default where possible, a range and a description."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Component:
    """Whatever a recipe can name.

    The first line of the class's docstring is its one-line description; a line `Paper: ...` names its source.
    """

    name: ClassVar[str]

    class Options(ComponentOptions):
        """No options."""

    @classmethod
    def unfit(cls, options: Any, setting: Setting) -> str | None:
        """Say why this part cannot work in `setting`, with the remedy, or None. Nothing is built yet."""
        return None

    @classmethod
    def couples_batch(cls, options: Any) -> bool:
        """Whether one image's result depends on the others of its batch (batch norm, relativistic means).

        Such a part is refused where a batch is split in micro-batches, since the split would change the result.
        """
        return False


PartClass = TypeVar("PartClass", bound=Component, covariant=True)


@dataclass(frozen=True)
class Choice(Generic[PartClass]):
    """A part as a recipe chose it: its class and its validated options."""

    cls: type[PartClass]
    options: Any


@dataclass(frozen=True)
class Setting:
    """What a recipe combines: classes and options only, nothing built and no data read."""

    images: ImageSpec
    phases: tuple[Phase, ...]
    micro_batch: int
    discriminator_steps: int
    generator: Choice[Generator]
    discriminator: Choice[Discriminator]
    loss: Choice[AdversarialLoss]
    regularizers: tuple[Choice[Regularizer], ...]
    augmentation: Choice[Augmentation] | None = None

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The sizes of the batches that the networks will really see, one per phase."""
        return tuple(min(phase.batch_size, self.micro_batch or phase.batch_size) for phase in self.phases)


class Generator(Component, nn.Module, ABC):
    """Latents and labels to images. Subclasses set `latent_dim` in `__init__(options, images)`."""

    latent_dim: int

    def __init__(self, options: Any, images: ImageSpec) -> None:
        super().__init__()

    def sample_latents(self, count: int, rng: torch.Generator) -> Tensor:
        """Draw latents `[count, Z]`: N(0, 1) unless overridden. Training, scoring and figures all ask here.

        `rng` is a CPU generator, and so is the result: the same seed gives the same latents on every device.
        """
        return torch.randn(count, self.latent_dim, generator=rng)

    @abstractmethod
    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Map `[N, Z]` and `[N, L]` to images `[N, C, R, R]` on the scale of the reals, [-1, 1]."""


class Discriminator(Component, nn.Module, ABC):
    """Images and labels to raw logits: no sigmoid, the loss owns it."""

    def __init__(self, options: Any, images: ImageSpec) -> None:
        super().__init__()

    @abstractmethod
    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Map `[N, C, R, R]` and `[N, L]` to logits `[N]`."""


@runtime_checkable
class Growable(Protocol):
    """Capability: progressive growing (ProGAN, arXiv:1710.10196)."""

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution` from now on; the newest block weighs `alpha` (0 absent, 1 fully in)."""


@runtime_checkable
class StyleBased(Protocol):
    """Capability: `forward(z, c) == synthesize(map(z, c))` in evaluation mode (StyleGAN, arXiv:1812.04948)."""

    def map(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Map latents to styles `[N, S, W]`; mixes styles while training."""

    def synthesize(self, styles: Tensor) -> Tensor:
        """Turn styles `[N, S, W]` into images `[N, C, R, R]`."""

    def style_mean(self) -> Tensor:
        """Return the tracked mean style `[W]`, towards which truncation pulls."""


@runtime_checkable
class NoiseInputs(Protocol):
    """Capability: noise maps inside the generator, apart from its latents (StyleGAN, arXiv:1812.04948, section 3.2)."""

    def use_noise(self, mode: NoiseMode) -> None:
        """Choose the noise from now on; networks begin, and always train, with `random`.

        `random` is drawn anew for every image; `constant` is the network's own buffers, the same for every image;
        `none` adds nothing.
        """


class AdversarialLoss(Component, ABC):
    """The game: raw logits `[N]` to the scalars that each player descends."""

    def __init__(self, options: Any) -> None:
        self.options = options

    @classmethod
    def regularizers(cls, options: Any) -> tuple[Choice[Regularizer], ...]:
        """Return the penalties without which the loss is not itself (WGAN-GP's), or nothing."""
        return ()

    @abstractmethod
    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return what the discriminator descends. `real`, `fake`: logits `[N]`."""

    @abstractmethod
    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        """Return what the generator descends.

        A relativistic loss calls `real()` for the logits `[N]` of a fresh real batch; they are computed only then.
        """


class Side(Enum):
    """The player that pays a penalty."""

    GENERATOR = "generator"
    DISCRIMINATOR = "discriminator"


class Step(Protocol):
    """One batch as penalties see it. Each forward is made once and shared."""

    @property
    def real(self) -> Tensor:
        """Real images `[N, C, r, r]` at the phase's resolution, faded like the newest block."""

    @property
    def real_input(self) -> Tensor:
        """The tensor that the discriminator was shown: `lift(real)`, a leaf that takes gradients if a penalty asks."""

    @property
    def real_logits(self) -> Tensor:
        """Logits `[N]` of `real_input`; connected to it if a penalty of this player `needs_real_gradient`."""

    @property
    def labels(self) -> Tensor:
        """Labels `[N, L]` of the reals; the fakes of this step carry the same."""

    @property
    def fakes(self) -> Tensor:
        """Generated images `[N, C, r, r]` without gradient: what D's loss and its gradient penalty both see."""

    @property
    def generator(self) -> Generator:
        """The generator in training."""

    def critic(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the discriminator's logits `[N]` for images of the phase's resolution or lifted ones."""

    def lift(self, images: Tensor) -> Tensor:
        """Bring images to the space that penalties are taken in (recipe field `training.penalty_space`)."""

    def latents(self, count: int) -> Tensor:
        """Draw fresh latents from this step's own random stream."""

    def uniform(self, *shape: int) -> Tensor:
        """Draw U(0, 1) numbers from this step's own random stream."""


class Regularizer(Component, nn.Module, ABC):
    """A penalty beside the loss. A module, so running means are buffers: saved and moved for free.

    Attributes:
        side: Who pays it.
        generator_must_be: The capability that it needs of the generator, such as StyleBased.
        needs_real_gradient: Whether it differentiates `step.real_logits` with respect to `step.real_input`.
        per_sample_gradient: Whether it is defined per image, so that batch norm in the critic makes it meaningless.
    """

    class Options(ComponentOptions):
        """Options that every penalty has."""

        every: PositiveInt = Field(
            default=1, description="Apply on every n-th update only, n times as strong (lazy when above 1)."
        )

    side: ClassVar[Side]
    generator_must_be: ClassVar[type] = object
    needs_real_gradient: ClassVar[bool] = False
    per_sample_gradient: ClassVar[bool] = False

    def __init__(self, options: Any) -> None:
        super().__init__()
        self.options = options

    @abstractmethod
    def penalty(self, step: Step) -> Tensor:
        """Return the weighted penalty, a scalar: the mean over the batch. The trainer multiplies by `every`."""


class Augmentation(Component, nn.Module, ABC):
    """What stands in front of the discriminator, for reals and fakes alike (ADA, arXiv:2006.06676).

    A module, so strengths and running statistics are buffers: saved, restored and moved for free. It must be
    differentiable twice, since gradient penalties look through it. Random numbers come from torch's global stream,
    which is seeded at each step.
    """

    def __init__(self, options: Any, images: ImageSpec) -> None:
        super().__init__()
        self.options = options

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Transform images `[N, C, r, r]`; the result has the same shape and may leave [-1, 1]."""

    def observe(self, real_logits: Tensor) -> None:
        """Look at the logits `[N]` of a step's augmented reals, once per discriminator step, to adapt the strength."""
        return

    def report(self) -> Mapping[str, Tensor]:
        """Return scalars for the log, such as the present strength."""
        return {}


@dataclass(frozen=True)
class Item:
    """One image of a data set before it is prepared.

    Attributes:
        key: Unique and stable within the data set, such as the path below its root.
        subject: Images of one subject never fall into two splits; empty means that the image stands alone.
        label: Class index, or None where the data set has no labels.
        split: `train`, `validate`, `test` or `held-out` where the source says; None: the subject's hash decides.
        fingerprint: What changes when the source changes (size and time of a file, a seed): stale packs are noticed.
        together: Images of one value come from one file that is costly to open (a volume): the same process reads
            them one after the other.
    """

    key: str
    subject: str = ""
    label: int | None = None
    split: str | None = None
    fingerprint: str = ""
    together: str = ""


class ImageDataset(Component, ABC):
    """Where images come from: what there is (`items`) and how one is read (`load`). Preparing is the core's.

    Attributes:
        where_to_get: What the data set is, its terms and its layout on disk; shown when data are missing.
        reading_version: Count it up when `load` gives other pixels for the same file: prepared images are made anew.
    """

    class Options(ComponentOptions):
        """Options that every data set has."""

        resolution: PositiveInt = Field(default=64, description="Side of the prepared images, a power of two.")
        mirror: bool = Field(
            default=False,
            description="Show each image flipped left-right half the time. Wrong where sides matter (knees).",
        )
        held_out: float = Field(
            default=0.0,
            ge=0.0,
            lt=1.0,
            description="Share of subjects kept from training, where no split is given.",
        )
        shares: dict[Literal["validate", "test"], Annotated[float, Field(ge=0, lt=1)]] = Field(
            default_factory=dict, description="Shares of subjects for further splits, where no split is given."
        )
        split_seed: NonNegativeInt = Field(default=0, description="Another one draws other subjects.")
        pack: str | None = Field(
            default=None, description="Folder or URL of a prepared pack, used instead of the source."
        )

    where_to_get: ClassVar[str] = ""
    reading_version: ClassVar[int] = 1

    def __init__(self, options: Any) -> None:
        self.options = options

    @classmethod
    @abstractmethod
    def spec_of(cls, options: Any) -> ImageSpec:
        """Return what the images will be, without touching data: `check` works on a machine that has none."""

    @abstractmethod
    def items(self) -> Sequence[Item]:
        """List the images in a stable order. Raises DataError with `where_to_get` when there are none."""

    @abstractmethod
    def load(self, item: Item) -> PixelArray:
        """Read one image as uint8 `[C, R, R]`. Raises DataError naming the file and what is wrong with it."""


@dataclass(frozen=True)
class Weights:
    """A file of weights: where it is, and whether it is the published one.

    Attributes:
        path: The file.
        sha256: SHA-256 of its content, 64 hex digits.
        official: Whether that is the published file.
    """

    path: Path
    sha256: str
    official: bool


class Extractor(Component, ABC):
    """Images to features for scores.

    Attributes:
        metrics: Label of each metric this extractor serves, by key: `{"fid": "FID"}`. Features that are not the
            official ones take other labels (`FD-random`), so that no table can confuse them.
        layers: The torch-fidelity layer name that each metric reads.
    """

    metrics: ClassVar[Mapping[str, str]]
    layers: ClassVar[Mapping[str, str]]

    def __init__(self, options: Any) -> None:
        self.options = options

    @abstractmethod
    def weights(self) -> Weights | None:
        """Find and check the weights, without network; None where they need no file. Raises WeightsError."""

    @abstractmethod
    def identity(self) -> Mapping[str, str | int | float | bool]:
        """Return all that can change a feature's value, as plain data: it enters the protocol's hash."""

    @abstractmethod
    def build(self, layers: Sequence[str]) -> nn.Module:
        """Return a torch-fidelity `FeatureExtractorBase`: uint8 `[N, 3, H, W]` to a tuple of features per layer."""

    def label(self, metric: str) -> str:
        """Return the name under which a metric's values may be shown."""
        return self.metrics[metric]


@dataclass(frozen=True)
class ForeignNetwork:
    """A network found in somebody else's checkpoint: the part that computes the same function, and its weights.

    Attributes:
        cls: The part to fill.
        options: Its options, an instance of `cls.Options`.
        weights: A whole `state_dict` of that part, buffers included, by the part's own names.
    """

    cls: type[Generator] | type[Discriminator]
    options: Any
    weights: Mapping[str, Tensor]


@dataclass(frozen=True)
class ForeignCheckpoint:
    """What an importer understood of a file.

    Attributes:
        images: What the networks make and judge.
        average: The averaged generator, which is sampled and scored; None where the file has a discriminator alone.
        generator: The raw generator, where the file has it.
        discriminator: The discriminator, where the file has it.
        images_seen: Age in real images shown to the discriminator; 0 where the file does not say.
        resolution: Resolution that a growing network had reached; None: the final one.
        alpha: How far its newest block had faded in.
        notes: What a person should know, one sentence each.
    """

    images: ImageSpec
    average: ForeignNetwork | None = None
    generator: ForeignNetwork | None = None
    discriminator: ForeignNetwork | None = None
    images_seen: int = 0
    resolution: int | None = None
    alpha: float = 1.0
    notes: tuple[str, ...] = ()


class Importer(Component, ABC):
    """Reads one layout of other people's checkpoints; offered by the plugin whose networks it fills.

    What it gets is inert (see `ganzoo.interchange`): containers, numbers, text, arrays as CPU tensors, and records
    of a class's name and state. Nothing of the file was executed.
    """

    @classmethod
    @abstractmethod
    def recognises(cls, content: Any) -> bool:
        """Whether this is the layout, judged by content alone; must not raise, whatever the content."""

    @classmethod
    @abstractmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        """Return the networks. Raises CheckpointError saying what is missing, odd or unsupported."""


PART_KINDS: Mapping[str, type[Component]] = {
    "generator": Generator,
    "discriminator": Discriminator,
    "loss": AdversarialLoss,
    "regularizer": Regularizer,
    "augmentation": Augmentation,
    "dataset": ImageDataset,
    "extractor": Extractor,
    "importer": Importer,
}
