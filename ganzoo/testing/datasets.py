"""Conformance of datasets."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo._registry.registry import Registry
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import ImageDataset, Item
from ganzoo.data import build_dataset
from ganzoo.data.pack.manifest import SPLITS
from ganzoo.errors import DataError
from ganzoo.testing.failure import Judge
from ganzoo.testing.options import check_component

_READ = 8


def check_dataset(cls: type[ImageDataset], options: Any = None) -> None:
    """Check that a dataset keeps its contract; of its images, the first eight are read.

    It may open sources of all formats that are installed.

    Args:
        cls: The dataset.
        options: What to test it with, such as a `root` with a few images; the defaults of its options if None.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "dataset")
    options = check_component(cls, ImageDataset, options, judge)
    if "root" in cls.Options.model_fields:
        _check_missing_root(cls, options, judge)
    spec = _check_spec(cls, options, judge)
    with judge.doing("listing its images"):
        formats = Registry.discover().source_formats
        dataset, again = (build_dataset(cls, options, formats) for _ in range(2))
        items, repeated = list(dataset.items()), list(again.items())
    judge.require(items, "lists no images; raise DataError instead, saying where to get them")
    judge.require(items == repeated, "lists its images differently the second time; sort them")
    _check_items(items, spec, judge)
    for item in items[:_READ]:
        _check_image(dataset, item, spec, judge)


def _check_spec(cls: type[ImageDataset], options: Any, judge: Judge) -> ImageSpec:
    with judge.doing("spec_of(options)"):
        spec = cls.spec_of(options)
    judge.require(isinstance(spec, ImageSpec), f"spec_of must return an ImageSpec, found {spec!r:.80}")
    judge.require(
        spec.resolution == options.resolution,
        f"spec_of says {spec.resolution} pixels where the options ask for {options.resolution}",
    )
    judge.require(spec.channels in (1, 3), f"spec_of says {spec.channels} channels; there are images of 1 and of 3")
    judge.require(spec.label_dim >= 0, f"spec_of says label_dim = {spec.label_dim}")
    return spec


def _check_missing_root(cls: type[ImageDataset], options: Any, judge: Judge) -> None:
    judge.require(cls.where_to_get.strip(), "where_to_get is empty; say where the images come from and their layout")
    with tempfile.TemporaryDirectory() as folder:
        missing = Path(folder) / "missing"
        elsewhere = options.model_copy(update={"root": type(options.root)(missing)})
        with judge.doing("spec_of(options) with a root that does not exist"):
            cls.spec_of(elsewhere)
        try:
            list(cls(elsewhere).items())
        except DataError as error:
            judge.require(
                missing.name in str(error), f"the error for a missing root does not name it: {str(error)[:200]}"
            )
        except Exception as error:
            judge.require(False, f"raises {type(error).__name__} for a missing root; raise ganzoo.DataError")
        else:
            judge.require(False, "lists images though its root does not exist; raise ganzoo.DataError")


def _check_items(items: list[Item], spec: ImageSpec, judge: Judge) -> None:
    keys = [item.key for item in items]
    judge.require(all(isinstance(item, Item) for item in items), "items must be ganzoo.Item")
    judge.require(len(set(keys)) == len(keys), "gives one key to two images")
    for item in items:
        judge.require(
            item.split in (None, *SPLITS),
            f"{item.key!r} is of split {item.split!r}; it must be None or one of {', '.join(SPLITS)}",
        )
        valid = 0 <= item.label < spec.label_dim if item.label is not None else spec.label_dim == 0
        judge.require(valid, f"{item.key!r} has label {item.label!r}, but spec_of says label_dim = {spec.label_dim}")


def _check_image(dataset: ImageDataset, item: Item, spec: ImageSpec, judge: Judge) -> None:
    with judge.doing(f"reading {item.key!r}"):
        pixels, again = dataset.load(item), dataset.load(item)
    shape = (spec.channels, spec.resolution, spec.resolution)
    judge.require(
        isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8 and pixels.shape == shape,
        f"load({item.key!r}) must return uint8 {list(shape)}, found "
        f"{getattr(pixels, 'dtype', type(pixels).__name__)} {list(getattr(pixels, 'shape', ()))}",
    )
    judge.require(np.array_equal(pixels, again), f"load({item.key!r}) gives another image the second time")
