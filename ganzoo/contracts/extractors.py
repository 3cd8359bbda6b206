"""Extractors: images to features for scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ganzoo.contracts.component import Component, ImageSpec, OptionsT

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights: where it is, and whether it is the published one.

    Attributes:
        path: The file.
        sha256: SHA-256 of its content, 64 hex digits.
        official: Whether that is the published file.
    """

    path: Path
    sha256: str
    official: bool


@dataclass(frozen=True)
class Layer:
    """A layer that an extractor offers.

    Attributes:
        name: What `build` calls it.
        features: The published features that these are, such as `inception-v3-2015-pool`; empty for others. A metric
            that was published with them takes its published name there, `FID`, and nowhere else.
        width: Numbers per image, so that metrics that need many images for each are refused in time; 0: not stated.
    """

    name: str
    features: str = ""
    width: int = 0


class Extractor(Component[OptionsT], ABC):
    """Images to features for scores.

    Attributes:
        label: What completes a metric's name in these features: `random` makes `FD-random`.
        layers: The layers that metrics may read, by role: `{"pooled": Layer("2048")}`. The first is the one that
            distances are taken in. A role is any word: `pooled` is a vector per image after the last pooling, `logits`
            is what a softmax turns into probabilities of classes, `perceptual` is a vector per image whose squared
            distances say how different images look.
        default_place: Lowest of all for the extractor of recipes that name none; None, as nearly always, for others.
    """

    label: ClassVar[str]
    layers: ClassVar[Mapping[str, Layer]]
    default_place: ClassVar[int | None] = None

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @classmethod
    def cannot_see(cls, options: OptionsT, images: ImageSpec) -> str | None:
        """Say why its networks cannot be given such images, or None. Unless overridden, they see gray and color.

        An extractor that sees images of other numbers of channels is given them as they are: `[N, C, H, W]`.
        """
        if images.channels in (1, 3):
            return None
        return f"extractor '{cls.name}' sees images of 1 or 3 channels, and these have {images.channels}"

    def variant(self) -> str:
        """Return a word where options make other features than the published ones; it completes the label.

        With `clean`, the label `inception` and the published name `FID`, scores are `FD-inception-clean`.
        """
        return ""

    @abstractmethod
    def weights(self) -> WeightsFile | None:
        """Find and check the weights, without network; None where they need no file. Raises WeightsError."""

    @abstractmethod
    def identity(self) -> Mapping[str, str | int | float | bool]:
        """Return all that can change a feature's value, as plain data: it enters the protocol's hash."""

    @abstractmethod
    def build(self, layers: Sequence[str]) -> nn.Module:
        """Return a network: uint8 `[N, 3, H, W]` to a tuple of features `[N, D]`, one for each of these layers.

        Any module that is called so will do: in evaluation mode, its weights frozen, a tuple even of one layer. Gray
        images come as three equal channels, others as `cannot_see` lets them. What it resizes and normalizes it by is
        its own, and part of `identity`.
        """
