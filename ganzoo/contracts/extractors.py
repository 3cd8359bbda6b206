"""Extractors: images to features for scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from torch import nn

from ganzoo.contracts.component import Component, OptionsT


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


class Extractor(Component[OptionsT], ABC):
    """Images to features for scores.

    Attributes:
        metrics: Label of each metric this extractor serves, by key: `{"fid": "FID"}`. Features that are not the
            official ones take other labels (`FD-random`), so that no table can confuse them.
        layers: The torch-fidelity layer name that each metric reads.
    """

    metrics: ClassVar[Mapping[str, str]]
    layers: ClassVar[Mapping[str, str]]

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @abstractmethod
    def weights(self) -> WeightsFile | None:
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
