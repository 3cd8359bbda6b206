"""Conformance checks of datasets and extractors catch a part that breaks it, and says which part and what."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from broken_parts import broken, complaint
from pydantic import Field
from torch import Tensor, nn

from ganzoo import DataError, Extractor, ImageSpec, Item, Layer, WeightsError, WeightsFile
from ganzoo.testing import TinyDataset, check_part


class FromRoot(TinyDataset):
    """A dataset with a root."""

    name = "from-root"
    where_to_get = "Nowhere."

    class Options(TinyDataset.Options):
        """Where."""

        root: str = Field(description="Folder.")

    def items(self):
        if self.options.root != "here":
            raise DataError(f"no images in {self.options.root}: {self.where_to_get}")
        return super().items()


DATASETS: list[Any] = []


@broken(DATASETS, "lists no images")
class Empty(TinyDataset):
    def items(self):
        return []


@broken(DATASETS, "lists its images differently the second time")
class Unstable(TinyDataset):
    def items(self):
        items = super().items()
        return sorted(items, key=lambda item: torch.rand(()).item())


@broken(DATASETS, "gives one key to two images")
class SameKey(TinyDataset):
    def items(self):
        return [*super().items(), super().items()[0]]


@broken(DATASETS, "has label 3, but spec_of says label_dim = 0")
class BadLabel(TinyDataset):
    def items(self):
        return [Item(key="000001", label=3)]


@broken(DATASETS, "is of split 'dev'")
class BadSplit(TinyDataset):
    def items(self):
        return [Item(key="000001", split="dev")]


@broken(DATASETS, "must return uint8 [1, 16, 16], found float64 [1, 16, 16]")
class Floats(TinyDataset):
    def load(self, item):
        return super().load(item) / 255


@broken(DATASETS, "found uint8 [16, 16, 1]")
class ChannelsLast(TinyDataset):
    def load(self, item):
        return np.moveaxis(super().load(item), 0, -1)


LOADS = itertools.count()


@broken(DATASETS, "gives another image the second time")
class Changing(TinyDataset):
    def load(self, item):
        return super().load(item) ^ np.uint8(next(LOADS) % 255 + 1)  # drawn ones are the same once in 255 times


@broken(DATASETS, "spec_of says 32 pixels where the options ask for 16")
class WrongSize(TinyDataset):
    @classmethod
    def spec_of(cls, options):
        return ImageSpec(32, 1)


@broken(DATASETS, "spec_of says 0 channels")
class NoChannels(TinyDataset):
    @classmethod
    def spec_of(cls, options):
        return ImageSpec(16, 0)


@broken(DATASETS, "must return uint8 [2, 16, 16]")
class OneOfTwoChannels(TinyDataset):
    @classmethod
    def spec_of(cls, options):
        return ImageSpec(16, 2)


@pytest.mark.parametrize(("part", "expected"), DATASETS)
def test_broken_datasets(part, expected):
    assert expected in complaint(part)


def test_missing_root():
    here = FromRoot.Options(root="here")
    check_part(FromRoot, here)

    class Nowhere(FromRoot):
        """Says not where to get it."""

        where_to_get = ""

    assert "where_to_get is empty" in complaint(Nowhere, here)

    class Crashing(FromRoot):
        """Lets the file system's error through."""

        def items(self):
            if self.options.root != "here":
                raise FileNotFoundError(self.options.root)
            return super().items()

    assert "raises FileNotFoundError for a missing root; raise ganzoo.DataError" in complaint(Crashing, here)

    class Content(FromRoot):
        """Finds images anywhere."""

        def items(self):
            return TinyDataset.items(self)

    assert "lists images though its root does not exist" in complaint(Content, here)

    class Unspecific(FromRoot):
        """Names no folder."""

        def items(self):
            if self.options.root != "here":
                raise DataError("no images")
            return super().items()

    assert "does not name it" in complaint(Unspecific, here)


# Extractors


class Shrunk(nn.Module):
    """Mean of each quarter of the image, as features."""

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        quarters = nn.functional.adaptive_avg_pool2d(images.float(), 2)
        return (quarters.flatten(1),)


class Quarters(Extractor):
    """Brightness of quarters."""

    name = "quarters"
    label = "quarters"
    layers: ClassVar = {"pooled": Layer("quarters")}

    def weights(self) -> WeightsFile | None:
        return None

    def identity(self):
        return {"extractor": "quarters", "version": 1}

    def build(self, layers) -> nn.Module:
        return Shrunk()


EXTRACTORS: list[Any] = []


@broken(EXTRACTORS, "offers no layer")
class Layerless(Quarters):
    layers: ClassVar = {}


@broken(EXTRACTORS, "must hold ganzoo.Layer, found 'quarters' as 'pooled'")
class Untyped(Quarters):
    layers: ClassVar = {"pooled": "quarters"}


@broken(EXTRACTORS, "the role 'pixels' is that of the images themselves")
class Pixels(Quarters):
    layers: ClassVar = {"pixels": Layer("quarters")}


@broken(EXTRACTORS, "needs a label")
class Unlabeled(Quarters):
    label = " "


@broken(EXTRACTORS, "raise ganzoo.WeightsError")
class Rude(Quarters):
    def weights(self):
        raise FileNotFoundError("weights.pth")


@broken(EXTRACTORS, "which is no file")
class Imaginary(Quarters):
    def weights(self):
        return WeightsFile(Path(__file__).with_name("missing.pth"), "0" * 64, False)


@broken(EXTRACTORS, "no SHA-256 of 64 hex digits")
class Unhashed(Quarters):
    def weights(self):
        return WeightsFile(Path(__file__), "abc", False)


@broken(EXTRACTORS, "identity() is empty")
class Anonymous(Quarters):
    def identity(self):
        return {}


@broken(EXTRACTORS, "identity() must be plain data")
class Rich(Quarters):
    def identity(self):
        return {"mean": torch.zeros(3)}


@broken(EXTRACTORS, "different features for the same images")
class Random(Quarters):
    def build(self, layers):
        return nn.Sequential(nn.Flatten(), Noise())


@broken(EXTRACTORS, "must return a tuple")
class Bare(Quarters):
    def build(self, layers):
        return nn.Flatten()


@broken(EXTRACTORS, "the same for every image")
class Constant(Quarters):
    def build(self, layers):
        return Zeros()


class Noise(nn.Module):
    def forward(self, pixels):
        return (pixels.float() + torch.rand(()),)


class Zeros(nn.Module):
    def forward(self, images):
        return (torch.zeros(len(images), 4),)


@pytest.mark.parametrize(("part", "expected"), EXTRACTORS)
def test_broken_extractors(part, expected):
    assert expected in complaint(part)


def test_what_the_broken_ones_are_made_from_is_whole():
    check_part(Quarters)


def test_extractor_without_its_weights_is_checked_as_far_as_possible():
    class Missing(Quarters):
        """Its weights are elsewhere."""

        def weights(self):
            raise WeightsError("fetch them first")

        def build(self, layers):
            raise AssertionError("built without weights")

    check_part(Missing)
