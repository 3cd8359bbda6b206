"""Datasets: their properties; of the images, the first eight are read."""

from __future__ import annotations

import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ganzoo._registry.registry import Registry
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import ImageDataset, Item
from ganzoo.data import build_dataset
from ganzoo.data.pack.manifest import SPLITS
from ganzoo.errors import DataError
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.dataset_habits import LISTING, LOADING, check_listed
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.properties import Case, Property, Suite, gate
from ganzoo.testing.trial import Trial, require_all

_READ = 8


class DatasetCase(Case):
    """A dataset under test; it may open sources of all formats that are installed."""

    kind: ClassVar[str] = "dataset"
    base: ClassVar[type] = ImageDataset
    draw_from: ClassVar[str] = "an image is always the same: draw from np.random.default_rng([seed, its number])"

    @cached_property
    def spec(self) -> ImageSpec:
        """What it says of its images."""
        with doing("spec_of(options)"):
            spec: ImageSpec = self.cls.spec_of(self.options)
        return spec

    def dataset(self, options: Any = None) -> ImageDataset:
        """Return a fresh dataset, with its own options or others, as each process that prepares images makes one."""
        with doing("building it"):
            return build_dataset(self.cls, options or self.options, self._formats)

    @cached_property
    def _formats(self) -> Any:
        return Registry.discover().source_formats

    @cached_property
    def items(self) -> list[Item]:
        """Its images, as it lists them."""
        with doing("listing its images"):
            return list(self.dataset().items())

    def pixels(self, item: Item) -> np.ndarray:
        """Return an image as a dataset reads it that has listed none."""
        if item.key not in self._read:
            self._read[item.key] = self._loaded(item)
        return self._read[item.key]

    @cached_property
    def _read(self) -> dict[str, np.ndarray]:
        return {}

    def _loaded(self, item: Item) -> np.ndarray:
        try:
            return self.dataset().load(item)
        except Exception as error:
            why = f"reading {item.key!r} failed: {type(error).__name__}: {error}"
            listed = self.dataset()
            listed.items()
            with doing(f"reading {item.key!r}"):
                listed.load(item)
            raise ConformanceError(
                f"{why}; it works after items(), which a process that prepares images does not call: let load find "
                f"all that it needs from the item and the options"
            ) from error


def _has_root(case: DatasetCase) -> bool:
    return "root" in case.cls.Options.model_fields


def _check_listing(case: DatasetCase) -> None:
    require(case.items, "lists no images; raise DataError instead, saying where to get them")


def _check_order(case: DatasetCase) -> None:
    with doing("listing its images"):
        repeated = list(case.dataset().items())
    require(case.items == repeated, "lists its images differently the second time; sort them")


def _check_spec(case: DatasetCase) -> None:
    spec, options = case.spec, case.options
    require(isinstance(spec, ImageSpec), f"spec_of must return an ImageSpec, found {spec!r:.80}")
    require(
        spec.resolution == options.resolution,
        f"spec_of says {spec.resolution} pixels where the options ask for {options.resolution}",
    )
    require(spec.channels >= 1, f"spec_of says {spec.channels} channels")
    require(spec.label_dim >= 0, f"spec_of says label_dim = {spec.label_dim}")


def _check_missing_root(case: DatasetCase) -> None:
    cls, options = case.cls, case.options
    require(cls.where_to_get.strip(), "where_to_get is empty; say where the images come from and their layout")
    with tempfile.TemporaryDirectory() as folder:
        missing = Path(folder) / "missing"
        elsewhere = options.model_copy(update={"root": type(options.root)(missing)})
        with doing("spec_of(options) with a root that does not exist"):
            cls.spec_of(elsewhere)
        try:
            list(cls(elsewhere).items())
        except DataError as error:
            require(missing.name in str(error), f"the error for a missing root does not name it: {str(error)[:200]}")
        except Exception as error:
            require(False, f"raises {type(error).__name__} for a missing root; raise ganzoo.DataError")
        else:
            require(False, "lists images though its root does not exist; raise ganzoo.DataError")


def _check_items(case: DatasetCase) -> None:
    items, spec = case.items, case.spec
    keys = [item.key for item in items]
    require(len(set(keys)) == len(keys), "gives one key to two images")
    for item in items:
        require(
            item.split in (None, *SPLITS),
            f"{item.key!r} is of split {item.split!r}; it must be None or one of {', '.join(SPLITS)}",
        )
        valid = 0 <= item.label < spec.label_dim if item.label is not None else spec.label_dim == 0
        require(valid, f"{item.key!r} has label {item.label!r}, but spec_of says label_dim = {spec.label_dim}")


def _check_images(case: DatasetCase) -> None:
    for item in case.items[:_READ]:
        _check_image(case.pixels(item), item, case.spec)


def _check_image(pixels: Any, item: Item, spec: ImageSpec) -> None:
    shape = (spec.channels, spec.resolution, spec.resolution)
    require(
        isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8 and pixels.shape == shape,
        f"load({item.key!r}) must return uint8 {list(shape)}, found "
        f"{getattr(pixels, 'dtype', type(pixels).__name__)} {list(getattr(pixels, 'shape', ()))}",
    )


DATASET = Suite(
    DatasetCase,
    once=(
        *COMPONENT,
        Property("refuses a missing root by name", _check_missing_root, _has_root),
        gate("says what its images are", _check_spec),
        gate("lists its images", _check_listing),
        gate("its items are as the contract says", check_listed),
        Property("lists its images in one order", _check_order),
        Property("its keys, splits and labels are valid", _check_items),
        *LISTING,
        gate("its images are as it says", _check_images),
        *LOADING,
    ),
)


def check_dataset(cls: type[ImageDataset], options: Any = None) -> None:
    """Check that a dataset keeps its contract; of its images, the first eight are read.

    It may open sources of all formats that are installed.

    Args:
        cls: The dataset.
        options: What to test it with, such as a `root` with a few images; if None its `example_options`, or the
            defaults.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(DATASET, DatasetCase(cls, options)))
