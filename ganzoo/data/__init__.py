"""Images on their way to the trainer. What a plugin that reads images imports; loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganzoo.data.batches import Batches
    from ganzoo.data.deep import Window
    from ganzoo.data.images import ReadingRule, read_image
    from ganzoo.data.pack import Pack, PackSplit
    from ganzoo.data.reading import ReadingOptions
    from ganzoo.data.sources.dataset import SourceDataset, item_of
    from ganzoo.data.sources.detect import open_source
    from ganzoo.data.sources.options import Plane, SourceOptions
    from ganzoo.data.sources.source import Entry, Source
    from ganzoo.data.tree import ImageFile, ImageTree, find_images

_MODULE_OF = {
    "Batches": "batches",
    "Entry": "sources.source",
    "ImageFile": "tree",
    "ImageTree": "tree",
    "Pack": "pack",
    "PackSplit": "pack",
    "Plane": "sources.options",
    "ReadingOptions": "reading",
    "ReadingRule": "images",
    "Source": "sources.source",
    "SourceDataset": "sources.dataset",
    "SourceOptions": "sources.options",
    "Window": "deep",
    "find_images": "tree",
    "item_of": "sources.dataset",
    "open_source": "sources.detect",
    "read_image": "images",
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
