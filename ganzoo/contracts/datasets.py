"""Datasets: where images come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt
from typing_extensions import TypeVar

from ganzoo.contracts.component import Component, ComponentOptions, ImageSpec, PixelArray


@dataclass(frozen=True)
class Item:
    """One image of a dataset before it is prepared.

    Attributes:
        key: Unique and stable within the dataset, such as the path below its root.
        subject: Images of one subject never fall into two splits; empty means that the image stands alone.
        label: Class index, or None where the dataset has no labels.
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


class DatasetOptions(ComponentOptions):
    """Options that every dataset has."""

    resolution: PositiveInt = Field(default=64, description="Resolution of the prepared images, a power of two.")
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
    split_seed: NonNegativeInt = Field(default=0, description="Seed of the draw of subjects for the splits.")
    pack: str | None = Field(default=None, description="Folder or URL of a prepared pack, used instead of the source.")


DatasetOptionsT = TypeVar("DatasetOptionsT", bound=DatasetOptions, default=Any)


class ImageDataset(Component[DatasetOptionsT], ABC):
    """Where images come from: what there is (`items`) and how one is read (`load`). Preparing is the core's.

    Attributes:
        where_to_get: What the dataset is, its terms and its layout on disk; shown when data are missing.
        license: Identifier (SPDX) of the license of the images; empty: not known, so whoever publishes what was
            trained on them has to name it.
        publishing_forbidden: Why their terms do not let weights and samples be published; empty: they do not forbid it.
        default_place: Lowest of all for the dataset that `ganzoo init` writes for images of any kind, a `SourceDataset`
            whose options may be `channels`, `classes` and `subject_pattern`; None, as nearly always, for others.
        reading_version: Count it up when `load` gives other pixels for the same file: images are prepared again.
    """

    Options: ClassVar[type[DatasetOptions]] = DatasetOptions
    where_to_get: ClassVar[str] = ""
    license: ClassVar[str] = ""
    publishing_forbidden: ClassVar[str] = ""
    default_place: ClassVar[int | None] = None
    reading_version: ClassVar[int] = 1

    def __init__(self, options: DatasetOptionsT) -> None:
        self.options = options

    @classmethod
    @abstractmethod
    def spec_of(cls, options: DatasetOptionsT) -> ImageSpec:
        """Return what the images will be, without touching data: `check` works on a machine that has none.

        One channel is gray and three are color; any other number is what `load` makes of it, such as slices.
        """

    @abstractmethod
    def items(self) -> Sequence[Item]:
        """List the images in a stable order. Raises DataError with `where_to_get` when there are none."""

    def class_names(self) -> Sequence[str]:
        """Return the names of classes 0, 1, ..., all or none, after the items were listed."""
        return ()

    @abstractmethod
    def load(self, item: Item) -> PixelArray:
        """Read one image as uint8 `[C, R, R]`. Raises DataError naming the file and what is wrong with it.

        Processes share the work: each builds the dataset from its class and options, lists nothing, and reads items in
        an order of its own. The same item is the same image, in an array of its own.
        """
