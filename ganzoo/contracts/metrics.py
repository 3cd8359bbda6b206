"""Metrics: numbers about generated images, each with its error and with how it is shown.

A metric sees what `MetricInput` holds: what an extractor made of the images, layer by layer under the role that a layer
has (`pooled`, `logits`, ...), the images themselves or what it keeps of them, or the generator. It says which.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from ganzoo.contracts.component import Component, OptionsT
from ganzoo.contracts.metric_input import MetricInput, PlainValue
from ganzoo.contracts.metric_values import Display, Estimate, Sensitivity

if TYPE_CHECKING:
    from torch import Tensor


class Metric(Component[OptionsT], ABC):
    """A number about generated images, or several.

    Attributes:
        values: How each of its values is shown, by key: `{"precision": Display(...), "recall": Display(...)}`. Keys
            stand in records, exports and `[published]`.
        reads: Roles that it reads: those of layers, `PIXELS`, and those that it describes images by.
        describes: Those of `reads` that `describe` makes of the images, batch by batch, so that not all are in memory.
        uses_reference: Whether it compares with real images.
        uses_classes: Whether it compares classes, so that the dataset must have some.
        uses_held_out: Whether it needs real images beside the reference that nothing was trained on.
        generator_must_be: The capability of the generator that it uses, as `StyleBased`; None: it sees images alone.
        extractor_must_be: The capability of the extractor that it uses, as `Perceptual`; None: features alone.
        published_features: The features that it was published with, as `Layer.features` names them; empty for none.
        default_place: Place among the metrics of recipes that list none; None, as nearly always, for no such place.
        images_per_feature: Generated images that it needs for each number per image that it reads; with fewer it is
            refused. 0: any count.
        judges_likeness: Whether images unlike the reference, or without clear classes, must not score better, which
            conformance checks ask.
        sensitivity: What its values were measured to see, by key of `values`; empty: not measured.
        version: Raised whenever the same options compute anything differently: earlier scores stay apart.
    """

    values: ClassVar[Mapping[str, Display]]
    reads: ClassVar[tuple[str, ...]]
    describes: ClassVar[tuple[str, ...]] = ()
    uses_reference: ClassVar[bool] = True
    uses_classes: ClassVar[bool] = False
    uses_held_out: ClassVar[bool] = False
    generator_must_be: ClassVar[type | None] = None
    extractor_must_be: ClassVar[type | None] = None
    published_features: ClassVar[str] = ""
    default_place: ClassVar[int | None] = None
    images_per_feature: ClassVar[float] = 0.0
    judges_likeness: ClassVar[bool] = True
    sensitivity: ClassVar[Mapping[str, Sensitivity]] = {}
    version: ClassVar[int] = 1

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    def shortage(self, generated: int, reference: int) -> str | None:
        """Say why it cannot be computed from so few images, with the remedy, or None."""
        if generated < 2:
            return f"needs at least 2 generated images; raise scoring.generated, which is {generated}"
        if self.uses_reference and reference < 2:
            return f"needs at least 2 real images, but there is {reference}; add images, or leave the metric out"
        return None

    def images_needed(self) -> int:
        """Return how many images it needs on either side to rank; with fewer it is shown, and another one ranks."""
        return 2

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        """Return roughly how many floating-point operations it takes, from features of `width` numbers per image."""
        return float((generated + reference) * width)

    def images_drawn(self) -> int:
        """Return how many images it draws from the generator by itself, for the estimate of what a score costs."""
        return 0

    def describe(self, images: Tensor, first: int) -> Mapping[str, Tensor]:
        """Return what it keeps of images number `first` on, under each role of `describes`; rows are put together.

        Args:
            images: uint8 `[n, C, R, R]` on the CPU, consecutive; `first` and, but for the last batch, n are even.
            first: The number of the first one. What is kept may depend on it, never on how images are batched.
        """
        raise NotImplementedError

    def identity(self) -> Mapping[str, PlainValue]:
        """Return all that can move its values, as plain data: it enters the score's hash."""
        return {"version": self.version, **self.options.model_dump(mode="json", exclude_none=True)}

    @abstractmethod
    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        """Compute an estimate for each key of `values`. The same data give the same bits."""
