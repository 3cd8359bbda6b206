"""Images on their way to the trainer. What a plugin that reads images imports; loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganzoo.data.images.decode import ReadingRule, read_image
    from ganzoo.data.images.find import ImageFile, ImageTree, find_images
    from ganzoo.data.images.intensity_window import Window
    from ganzoo.data.images.options import ReadingOptions
    from ganzoo.data.pack.pack import Pack, PackSplit
    from ganzoo.data.sources.dataset import SourceDataset, item_of
    from ganzoo.data.sources.detect import open_source
    from ganzoo.data.sources.options import Plane, SourceOptions
    from ganzoo.data.sources.source import Entry, Source
    from ganzoo.data.stream.batches import Batches

_MODULE_OF = {
    "Batches": "stream.batches",
    "Entry": "sources.source",
    "ImageFile": "images.find",
    "ImageTree": "images.find",
    "Pack": "pack.pack",
    "PackSplit": "pack.pack",
    "Plane": "sources.options",
    "ReadingOptions": "images.options",
    "ReadingRule": "images.decode",
    "Source": "sources.source",
    "SourceDataset": "sources.dataset",
    "SourceOptions": "sources.options",
    "Window": "images.intensity_window",
    "find_images": "images.find",
    "item_of": "sources.dataset",
    "open_source": "sources.detect",
    "read_image": "images.decode",
}

__all__ = [
    "Batches",
    "Entry",
    "ImageFile",
    "ImageTree",
    "Pack",
    "PackSplit",
    "Plane",
    "ReadingOptions",
    "ReadingRule",
    "Source",
    "SourceDataset",
    "SourceOptions",
    "Window",
    "find_images",
    "item_of",
    "open_source",
    "read_image",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'ganzoo.data' has no attribute {name!r}")
    return getattr(import_module(f"ganzoo.data.{_MODULE_OF[name]}"), name)
