"""Metrics: numbers about generated images, each with its error and with how it is shown.

A metric sees what an extractor made of the images, layer by layer under the role that a layer has (`pooled`,
`logits`, ...), or the images themselves. It never knows which extractor that was, nor which run is scored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ganzoo.contracts.component import Component, OptionsT

if TYPE_CHECKING:
    from torch import Tensor

PIXELS = "pixels"
"""The role under which a metric reads the images themselves, uint8 `[n, C, R, R]`, without any extractor."""

PlainValue = str | int | float | bool


@dataclass(frozen=True)
class Display:
    """How one value of a metric is shown.

    Attributes:
        stem: Its name, which the extractor's label completes: `FD` is shown as `FD-random`.
        published: Its name in the features that the metric was published with: `FID`. Empty: as in any others.
        lower_is_better: Its direction.
        unit: What stands behind the name where values are scaled: `×10³`.
        scale: What values are multiplied with before they are shown.
    """

    stem: str
    published: str = ""
    lower_is_better: bool = True
    unit: str = ""
    scale: float = 1.0


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error (of drawing other images for this reference), and what a reader must know."""

    value: float
    standard_error: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Features:
    """A set of images as a metric reads them: one entry per image, in one order throughout.

    Attributes:
        roles: By role: features, float32 `[n, d]` on the CPU; of `PIXELS` the images, uint8 `[n, C, R, R]`.
        labels: Class of each image, int64 `[n]`, -1 for none; None where there are no classes.
        subjects: Number of the subject (patient) of each image, int64 `[n]`; None for generated images.
    """

    roles: Mapping[str, Tensor]
    labels: Tensor | None = None
    subjects: Tensor | None = None

    def __getitem__(self, role: str) -> Tensor:
        return self.roles[role]


@dataclass(frozen=True)
class MetricInput:
    """All that a metric gets. More may be added, so metrics take this one object.

    Attributes:
        generated: The generated images.
        reference: The real ones; without any role for a metric that uses none.
        blocks: Blocks of generated images to leave out, one at a time, for the jackknife's standard error.
    """

    generated: Features
    reference: Features
    blocks: int


class Metric(Component[OptionsT], ABC):
    """A number about generated images, or several.

    Attributes:
        values: How each of its values is shown, by key: `{"precision": Display(...), "recall": Display(...)}`. Keys
            stand in records, exports and `[published]`.
        reads: Roles of the layers that it reads, `PIXELS` among them.
        uses_reference: Whether it compares with real images.
        published_features: The features that it was published with, as `Layer.features` names them; empty for none.
        default_place: Place among the metrics of recipes that list none; None, as nearly always, for no such place.
        version: Raised whenever the same options compute anything differently: earlier scores stay apart.
    """

    values: ClassVar[Mapping[str, Display]]
    reads: ClassVar[tuple[str, ...]]
    uses_reference: ClassVar[bool] = True
    published_features: ClassVar[str] = ""
    default_place: ClassVar[int | None] = None
    version: ClassVar[int] = 1

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    def shortage(self, generated: int, reference: int) -> str | None:
        """Say why it cannot be computed from so few images, with the remedy, or None."""
        least = min(generated, reference) if self.uses_reference else generated
        return None if least >= 2 else f"needs at least 2 images on either side, but there is {least}; raise the counts"

    def images_needed(self) -> int:
        """Return how many images it needs on either side to rank; with fewer it is shown, and another one ranks."""
        return 2

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        """Return roughly how many floating-point operations it takes, from features of `width` numbers per image."""
        return float((generated + reference) * width)

    def identity(self) -> Mapping[str, PlainValue]:
        """Return all that can move its values, as plain data: it enters the score's hash."""
        return {"version": self.version, **self.options.model_dump(mode="json", exclude_none=True)}

    @abstractmethod
    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        """Compute an estimate for each key of `values`. The same data give the same bits."""
