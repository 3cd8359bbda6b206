"""Zip format: an archive of image files. Nothing is unpacked, so no name in it can lead anywhere."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Sequence
from functools import partial
from io import BytesIO
from pathlib import Path

from ganzoo import ComponentOptions
from ganzoo.data import IMAGE_SUFFIXES, Entry, FoundFile, Picture, Source, SourceOptions, StatedClasses, decode_image
from ganzoo.text import literal
from ganzoo_sources.archive import (
    ZIP_STARTS,
    found_text,
    is_array_archive,
    is_dicom_archive,
    open_zip,
    read_member,
    refuse_names,
    visible_members,
)
from ganzoo_sources.labels import LABELS_FILE, Labels, labels_of


class ZipSource(Source):
    """A zip of image files, with the labels of its `dataset.json` if there is one (the layout of StyleGAN2-ADA)."""

    name = "zip"
    suffixes = (".zip",)
    takes_folders = False
    has_file_names = True

    @classmethod
    def example_root(cls, folder: Path) -> Path:
        from ganzoo_sources.examples import zip_example

        return zip_example(folder)

    def __init__(self, options: ComponentOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._archive: zipfile.ZipFile | None = None
        self._others: Counter[str] = Counter()
        self._count = 0
        self._labels = Labels()

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return file.start.startswith(ZIP_STARTS) and not is_array_archive(file) and not is_dicom_archive(file)

    def entries(self) -> Sequence[Entry]:
        self._others.clear()
        where = literal(str(self.root))
        members, files = [], {}
        for path, info in visible_members(self._opened()):
            if path.suffix.lower() in IMAGE_SUFFIXES:
                members.append(info)
                continue
            if path.name == LABELS_FILE:
                files[str(path)] = partial(read_member, self._opened(), info.filename, f"{where}: {literal(str(path))}")
            self._others[path.suffix.lower() or "files without suffix"] += 1
        self._count = len(members)
        refuse_names([info.filename for info in members], where)
        members.sort(key=lambda info: info.filename)
        self._labels = labels_of(files, [info.filename for info in members], where)
        return [
            Entry(info.filename, f"{info.CRC:08x}-{info.file_size}", self._labels.of.get(info.filename))
            for info in members
        ]

    def classes(self) -> StatedClasses:
        return self._labels.classes

    def picture(self, key: str) -> Picture:
        name = literal(key)
        return decode_image(BytesIO(read_member(self._opened(), key, name)), name)

    def found(self) -> str:
        return found_text(self._count, self._others)

    def _opened(self) -> zipfile.ZipFile:
        if self._archive is None or self.forget_if_forked():
            self._archive = open_zip(self.root)
        return self._archive
