"""Datasets with planted bugs."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field

from ganzoo import DataError, DatasetOptions, ImageDataset, ImageSpec, Item
from planted.bug import PlantedBug, planted

DATASETS: list[PlantedBug] = []
ROOTED: list[PlantedBug] = []


class Sound(ImageDataset[DatasetOptions]):
    """Ramps of two classes."""

    name = "ramps"

    @classmethod
    def spec_of(cls, options: DatasetOptions) -> ImageSpec:
        return ImageSpec(options.resolution, 1, 2)

    def items(self) -> list[Item]:
        return [Item(key=f"{number:04d}", label=number % 2) for number in range(12)]

    def class_names(self) -> list[str]:
        return ["even", "odd"]

    def load(self, item: Item) -> Any:
        resolution = self.options.resolution
        brightness = np.random.default_rng(int(item.key)).uniform(64, 255)
        return self.finish(np.tile(np.linspace(0, brightness, resolution), (1, resolution, 1)))

    def finish(self, pixels):
        return pixels.astype(np.uint8)


@planted(DATASETS, "numpy")
class NumpyCrop(Sound):
    def finish(self, pixels):
        return super().finish(np.roll(pixels, np.random.randint(5), axis=2))


@planted(DATASETS, "random.random")
class PythonFlip(Sound):
    def finish(self, pixels):
        return super().finish(pixels[:, :, ::-1] if random.random() < 0.5 else pixels)


@planted(DATASETS, "torch.rand", "torch's global stream")
class TorchNoise(Sound):
    def finish(self, pixels):
        return super().finish(pixels * torch.rand(()).item())


@planted(DATASETS, "np.random.seed")
class SeedsNumpy(Sound):
    def __init__(self, options):
        super().__init__(options)
        np.random.seed(0)


@planted(DATASETS, "order in which", "read")
class OwnStream(Sound):
    """Draws from a stream of its own, so that an image depends on those before."""

    def __init__(self, options):
        super().__init__(options)
        self.rng = np.random.default_rng(0)

    def finish(self, pixels):
        return super().finish(pixels * self.rng.uniform(0.5, 1))


@planted(DATASETS, "same array", "copy")
class ReusesBuffer(Sound):
    def finish(self, pixels):
        if not hasattr(self, "buffer"):
            self.buffer = np.zeros(pixels.shape, np.uint8)
        self.buffer[:] = pixels
        return self.buffer


@planted(DATASETS, "0 to 1", "255")
class ZeroToOne(Sound):
    def finish(self, pixels):
        return (pixels / 255).round().astype(np.uint8)


@planted(DATASETS, "uint8", "float")
class Floats(Sound):
    def finish(self, pixels):
        return (pixels / 127.5 - 1).astype(np.float32)


@planted(DATASETS, "[1, 64, 64]")
class ChannelsLast(Sound):
    def finish(self, pixels):
        return super().finish(pixels).transpose(1, 2, 0)


@planted(DATASETS, "resolution")
class FixedResolution(Sound):
    """Its images have 64 pixels whatever is asked for."""

    def load(self, item):
        return type(self)(self.options.model_copy(update={"resolution": 64})).load_at_64(item)

    def load_at_64(self, item):
        return super().load(item)


@planted(DATASETS, "label", "int")
class TextLabels(Sound):
    def items(self):
        return [Item(key=f"{number:04d}", label="01"[number % 2]) for number in range(12)]


@planted(DATASETS, "label", "int")
class NumpyLabels(Sound):
    def items(self):
        return [Item(key=f"{number:04d}", label=np.int64(number % 2)) for number in range(12)]


@planted(DATASETS, "label 2", "label_dim = 2")
class LabelsFromOne(Sound):
    def items(self):
        return [Item(key=f"{number:04d}", label=1 + number % 2) for number in range(12)]


@planted(DATASETS, "label None", "label_dim = 2")
class LabelsMissing(Sound):
    def items(self):
        return [Item(key=f"{number:04d}", label=number % 2 if number else None) for number in range(12)]


@planted(DATASETS, "one key to two images")
class DoubleKeys(Sound):
    def items(self):
        return [Item(key=f"{number % 11:04d}", label=number % 2) for number in range(12)]


@planted(DATASETS, "differently the second time", "sort")
class Shuffles(Sound):
    def items(self):
        items = super().items()
        random.Random(os.urandom(8)).shuffle(items)
        return items


@planted(DATASETS, "sequence", "list")
class Generates(Sound):
    def items(self):
        yield from super().items()


@planted(DATASETS, "class_names", "2")
class ThreeNames(Sound):
    def class_names(self):
        return ["a", "b", "c"]


@planted(DATASETS, "after items()", "options")
class RemembersListing(Sound):
    """Notes while it lists what it needs to read."""

    def items(self):
        items = super().items()
        self.number_of = {item.key: number for number, item in enumerate(items)}
        return items

    def finish(self, pixels):
        return super().finish(pixels * (1 + 0 * self.number_of["0000"]))


def _made():
    class InAFunction(Sound):
        pass

    return planted(DATASETS, "cannot be found by its name", "in a function")(InAFunction)


InAFunction = _made()


@planted(DATASETS, "torch.get_num_threads()")
class Threads(Sound):
    def finish(self, pixels):
        torch.set_num_threads(torch.get_num_threads() + 1)
        return super().finish(pixels)


# With a folder of files


class RootOptions(DatasetOptions):
    """Where they are."""

    root: Path = Field(description="Folder with one number per file.")


class SoundFiles(ImageDataset[RootOptions]):
    """Gray images, each as bright as its file says."""

    name = "levels"
    where_to_get = "Write a folder of files, each with a number from 0 to 255."
    Options = RootOptions

    @classmethod
    def example_options(cls, folder: Path) -> RootOptions:
        for number, level in enumerate((3, 90, 250)):
            (folder / f"{number}.txt").write_text(str(level))
        return RootOptions(root=folder)

    @classmethod
    def spec_of(cls, options: RootOptions) -> ImageSpec:
        return ImageSpec(options.resolution, 1)

    def paths(self):
        return sorted(self.options.root.glob("*.txt"))

    def items(self) -> list[Item]:
        if not self.options.root.is_dir():
            raise DataError(f"there is no folder {self.options.root}: {self.where_to_get}")
        return [self.item(path) for path in self.paths()]

    def item(self, path):
        return Item(key=path.name, fingerprint=f"{path.stat().st_size}-{path.stat().st_mtime_ns}")

    def load(self, item: Item) -> Any:
        level = int((self.options.root / item.key).read_text())
        return np.full((1, self.options.resolution, self.options.resolution), level, np.uint8)


@planted(ROOTED, "order", "sort")
class Unsorted(SoundFiles):
    def paths(self):
        return [self.options.root / name for name in os.listdir(self.options.root)]


@planted(ROOTED, "order", "sort")
class UnsortedGlob(SoundFiles):
    def paths(self):
        return list(self.options.root.glob("*.txt"))


@planted(ROOTED, "key", "elsewhere")
class WholePaths(SoundFiles):
    def item(self, path):
        return Item(key=str(path), fingerprint=f"{path.stat().st_size}-{path.stat().st_mtime_ns}")


@planted(ROOTED, "fingerprint")
class NoFingerprint(SoundFiles):
    def item(self, path):
        return Item(key=path.name)


@planted(ROOTED, "DataError", "FileNotFoundError")
class MissingRoot(SoundFiles):
    def items(self):
        return [self.item(self.options.root / name) for name in sorted(os.listdir(self.options.root))]


@planted(ROOTED, "spec_of(options) with a root that does not exist")
class SpecFromFiles(SoundFiles):
    @classmethod
    def spec_of(cls, options):
        next(options.root.iterdir())
        return ImageSpec(options.resolution, 1)


@planted(ROOTED, "has the subject", "where the root lies elsewhere")
class SubjectsByPath(SoundFiles):
    def item(self, path):
        return Item(key=path.name, subject=str(path), fingerprint=super().item(path).fingerprint)


@planted(ROOTED, "the same fingerprint", "stale")
class FingerprintOfName(SoundFiles):
    def item(self, path):
        return Item(key=path.name, fingerprint=path.name)


@planted(ROOTED, "in another process", "sorted(...)", "hashlib")
class HashedSubjects(SoundFiles):
    def item(self, path):
        return Item(key=path.name, subject=str(hash(path.name)), fingerprint=super().item(path).fingerprint)
