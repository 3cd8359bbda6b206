"""A dataset: whatever images a source has, gray and without classes."""

from __future__ import annotations

from collections.abc import Sequence

from ganzoo import ImageSpec, Item
from ganzoo.data import SourceDataset, SourceOptions, item_of


class Bars(SourceDataset[SourceOptions]):
    """Gray images of any source."""

    name = "acme-bars"

    Options = SourceOptions

    @classmethod
    def spec_of(cls, options: SourceOptions) -> ImageSpec:
        return ImageSpec(options.resolution, channels=1)

    def items(self) -> Sequence[Item]:
        return [item_of(entry, subject=entry.subject) for entry in self.entries()]
