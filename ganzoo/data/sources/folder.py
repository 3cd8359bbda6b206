"""A tree of image files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ganzoo.contracts.component import PixelArray
from ganzoo.data.images.decode import Picture, ReadingRule, decode_image, read_image, reading
from ganzoo.data.images.find import ImageTree, find_images
from ganzoo.data.sources.labels import LABELS_FILE, parse_labels
from ganzoo.data.sources.options import SourceOptions
from ganzoo.data.sources.source import Entry, Source
from ganzoo.errors import DataError
from ganzoo.text import literal


class FolderSource(Source):
    """PNG, JPEG, WEBP, TIFF, BMP and GIF files at any depth, with the labels of a `dataset.json`."""

    kind: ClassVar[str] = "folder"

    def __init__(self, root: Path, options: SourceOptions) -> None:
        super().__init__(root, options)
        self._tree: ImageTree | None = None

    def entries(self) -> Sequence[Entry]:
        self._tree = find_images(self.root, follow_links=self.options.follow_links)
        labels = self._labels()
        return [Entry(file.key, file.fingerprint, labels.get(file.key)) for file in self._tree.files]

    def picture(self, key: str) -> Picture:
        with reading(literal(key)), (self.root / key).open("rb") as file:
            return decode_image(file, literal(key))

    def read(self, key: str, rule: ReadingRule) -> PixelArray:
        return read_image(self.root / key, rule, called=key)

    def found(self) -> str:
        return self._tree.found() if self._tree else "nothing"

    def _labels(self) -> dict[str, int]:
        path = self.root / LABELS_FILE
        if not path.is_file():
            return {}
        self.guarded(path)
        try:
            with path.open("rb") as file:
                return parse_labels(file, literal(str(path)))
        except OSError as error:
            raise DataError(f"{literal(str(path))}: {error.strerror}") from error
