"""Data: what plugins that read images import, loaded on first use.

Datasets need `SourceDataset` or `ReadingOptions`, source formats what finds, decodes and caches files.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganzoo.contracts.entries import Entry as Entry
    from ganzoo.contracts.entries import StatedClasses as StatedClasses
    from ganzoo.contracts.reading import DeepPicture as DeepPicture
    from ganzoo.contracts.reading import NonFinite as NonFinite
    from ganzoo.contracts.reading import Picture as Picture
    from ganzoo.contracts.reading import ReadingOptions as ReadingOptions
    from ganzoo.contracts.reading import ReadingRule as ReadingRule
    from ganzoo.contracts.reading import Resize as Resize
    from ganzoo.contracts.reading import Shape as Shape
    from ganzoo.contracts.reading import Window as Window
    from ganzoo.contracts.source_options import Plane as Plane
    from ganzoo.contracts.source_options import SourceOptions as SourceOptions
    from ganzoo.contracts.sources import FoundFile as FoundFile
    from ganzoo.contracts.sources import Source as Source
    from ganzoo.data.examples import example_file as example_file
    from ganzoo.data.examples import example_images as example_images
    from ganzoo.data.images.decode import decode_file as decode_file
    from ganzoo.data.images.decode import decode_image as decode_image
    from ganzoo.data.images.decode import read_image as read_image
    from ganzoo.data.images.decode import reading as reading
    from ganzoo.data.images.extras import require_extra as require_extra
    from ganzoo.data.images.find import IMAGE_SUFFIXES as IMAGE_SUFFIXES
    from ganzoo.data.images.find import ImageFile as ImageFile
    from ganzoo.data.images.find import ImageTree as ImageTree
    from ganzoo.data.images.find import counts_text as counts_text
    from ganzoo.data.images.find import file_fingerprint as file_fingerprint
    from ganzoo.data.images.find import find_files as find_files
    from ganzoo.data.images.find import find_images as find_images
    from ganzoo.data.images.find import is_image_file as is_image_file
    from ganzoo.data.images.find import starts_like_image as starts_like_image
    from ganzoo.data.images.find import walk as walk
    from ganzoo.data.images.intensity_window import bounds_of as bounds_of
    from ganzoo.data.images.intensity_window import windowed as windowed
    from ganzoo.data.images.pixels import MAX_PIXELS as MAX_PIXELS
    from ganzoo.data.images.pixels import pixels_of as pixels_of
    from ganzoo.data.images.resize import to_square as to_square
    from ganzoo.data.pack.pack import Pack as Pack
    from ganzoo.data.pack.pack import PackSplit as PackSplit
    from ganzoo.data.sources.cached_files import check_once as check_once
    from ganzoo.data.sources.cached_files import recall as recall
    from ganzoo.data.sources.cached_files import remember as remember
    from ganzoo.data.sources.cached_files import unpack_once as unpack_once
    from ganzoo.data.sources.dataset import SourceDataset as SourceDataset
    from ganzoo.data.sources.dataset import build_dataset as build_dataset
    from ganzoo.data.sources.dataset import item_of as item_of
    from ganzoo.data.sources.detect import Formats as Formats
    from ganzoo.data.sources.detect import open_source as open_source
    from ganzoo.data.sources.files import files_of as files_of
    from ganzoo.data.sources.files import inside_root as inside_root
    from ganzoo.data.sources.files import path_of as path_of
    from ganzoo.data.sources.files import tree_of as tree_of
    from ganzoo.data.sources.reading import place_of as place_of
    from ganzoo.data.sources.reading import read_entry as read_entry
    from ganzoo.data.sources.reading import subject_in_row as subject_in_row
    from ganzoo.data.stream.batches import Batches as Batches

_HOME = {
    "ganzoo.contracts.entries": (
        "Entry",
        "StatedClasses",
    ),
    "ganzoo.contracts.reading": (
        "DeepPicture",
        "NonFinite",
        "Picture",
        "ReadingOptions",
        "ReadingRule",
        "Resize",
        "Shape",
        "Window",
    ),
    "ganzoo.contracts.source_options": (
        "Plane",
        "SourceOptions",
    ),
    "ganzoo.contracts.sources": (
        "FoundFile",
        "Source",
    ),
    "ganzoo.data.examples": ("example_file", "example_images"),
    "ganzoo.data.images.decode": (
        "decode_file",
        "decode_image",
        "read_image",
        "reading",
    ),
    "ganzoo.data.images.extras": ("require_extra",),
    "ganzoo.data.images.find": (
        "IMAGE_SUFFIXES",
        "ImageFile",
        "ImageTree",
        "counts_text",
        "file_fingerprint",
        "find_files",
        "find_images",
        "is_image_file",
        "starts_like_image",
        "walk",
    ),
    "ganzoo.data.images.intensity_window": (
        "bounds_of",
        "windowed",
    ),
    "ganzoo.data.images.pixels": (
        "MAX_PIXELS",
        "pixels_of",
    ),
    "ganzoo.data.images.resize": ("to_square",),
    "ganzoo.data.pack.pack": (
        "Pack",
        "PackSplit",
    ),
    "ganzoo.data.sources.cached_files": (
        "check_once",
        "recall",
        "remember",
        "unpack_once",
    ),
    "ganzoo.data.sources.dataset": (
        "SourceDataset",
        "build_dataset",
        "item_of",
    ),
    "ganzoo.data.sources.detect": (
        "Formats",
        "open_source",
    ),
    "ganzoo.data.sources.files": (
        "files_of",
        "inside_root",
        "path_of",
        "tree_of",
    ),
    "ganzoo.data.sources.reading": (
        "place_of",
        "read_entry",
        "subject_in_row",
    ),
    "ganzoo.data.stream.batches": ("Batches",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "Batches",
    "DeepPicture",
    "Entry",
    "Formats",
    "FoundFile",
    "ImageFile",
    "ImageTree",
    "NonFinite",
    "Pack",
    "PackSplit",
    "Picture",
    "Plane",
    "ReadingOptions",
    "ReadingRule",
    "Resize",
    "Shape",
    "Source",
    "SourceDataset",
    "SourceOptions",
    "StatedClasses",
    "Window",
    "bounds_of",
    "build_dataset",
    "check_once",
    "counts_text",
    "decode_file",
    "decode_image",
    "example_file",
    "example_images",
    "file_fingerprint",
    "find_files",
    "find_images",
    "inside_root",
    "is_image_file",
    "item_of",
    "open_source",
    "pixels_of",
    "place_of",
    "read_entry",
    "read_image",
    "reading",
    "recall",
    "remember",
    "require_extra",
    "starts_like_image",
    "subject_in_row",
    "to_square",
    "unpack_once",
    "walk",
    "windowed",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'ganzoo.data' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
