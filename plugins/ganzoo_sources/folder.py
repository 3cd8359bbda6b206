"""Folder format: a tree of image files."""

from __future__ import annotations

from collections.abc import Sequence
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
    decode_file,
    find_images,
    inside_root,
    starts_like_image,
)
from ganzoo.text import literal
from ganzoo_sources.labels import LABELS_FILE, parse_labels


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

    def entries(self) -> Sequence[Entry]:
        self._tree = find_images(self.root, follow_links=self.reading.follow_links)
        labels = self._labels()
        return [Entry(file.key, file.fingerprint, labels.get(file.key)) for file in self._tree.files]

    def picture(self, key: str) -> Picture:
        return decode_file(self.root / key, literal(key))

    def found(self) -> str:
        return self._tree.found() if self._tree else "nothing"

    def _labels(self) -> dict[str, int]:
        path = self.root / LABELS_FILE
        if not path.is_file():
            return {}
        inside_root(self, path)
        try:
            with path.open("rb") as file:
                return parse_labels(file, literal(str(path)))
        except OSError as error:
            raise DataError(f"{literal(str(path))}: {error.strerror}") from error
