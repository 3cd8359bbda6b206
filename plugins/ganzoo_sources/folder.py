"""Folder format: a tree of image files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ganzoo import ComponentOptions, DataError
from ganzoo.data import (
    IMAGE_SUFFIXES,
    Entry,
    FoundFile,
    ImageTree,
    Picture,
    Source,
    SourceOptions,
    StatedClasses,
    decode_file,
    example_images,
    find_images,
    inside_root,
    starts_like_image,
)
from ganzoo.text import literal
from ganzoo_sources.labels import LABELS_FILE, Labels, labels_of


class FolderSource(Source):
    """PNG, JPEG, WEBP, TIFF, BMP and GIF files at any depth, with the labels of a `dataset.json`."""

    name = "folder"
    suffixes = tuple(sorted(IMAGE_SUFFIXES))
    takes_files = False
    reads_trees = True
    has_file_names = True

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return starts_like_image(file.start)

    def __init__(self, options: ComponentOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._tree: ImageTree | None = None
        self._labels = Labels()

    @classmethod
    def example_root(cls, folder: Path) -> Path:
        return example_images(folder, ["first.png", "more/second.png", "more/third.png"])

    def entries(self) -> Sequence[Entry]:
        self._tree = find_images(self.root, follow_links=self.reading.follow_links)
        keys = [file.key for file in self._tree.files]
        files = {path: partial(self._read, path) for path in self._tree.named(LABELS_FILE)}
        self._labels = labels_of(files, keys, literal(str(self.root)))
        return [Entry(file.key, file.fingerprint, self._labels.of.get(file.key)) for file in self._tree.files]

    def classes(self) -> StatedClasses:
        return self._labels.classes

    def picture(self, key: str) -> Picture:
        return decode_file(self.root / key, literal(key))

    def found(self) -> str:
        return self._tree.found() if self._tree else "nothing"

    def _read(self, key: str) -> bytes:
        path = inside_root(self, self.root / key)
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"{literal(str(path))}: {error.strerror}") from error
