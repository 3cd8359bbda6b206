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
    from ganzoo.data.tree import ImageFile, ImageTree, find_images

_MODULE_OF = {
    "Batches": "batches",
    "ImageFile": "tree",
    "ImageTree": "tree",
    "Pack": "pack",
    "PackSplit": "pack",
    "ReadingOptions": "reading",
    "ReadingRule": "images",
    "Window": "deep",
    "find_images": "tree",
    "read_image": "images",
}

__all__ = [
    "Batches",
    "ImageFile",
    "ImageTree",
    "Pack",
    "PackSplit",
    "ReadingOptions",
    "ReadingRule",
    "Window",
    "find_images",
    "read_image",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'ganzoo.data' has no attribute {name!r}")
    return getattr(import_module(f"ganzoo.data.{_MODULE_OF[name]}"), name)
