"""DICOM files: where they lie, loose or in zip archives, and how each is opened."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path
from typing import IO, Any

from ganzoo.data import FoundFile, Source, counts_text, file_fingerprint, inside_root, tree_of
from ganzoo.text import literal
from ganzoo_sources.archive import (
    ZIP_STARTS,
    is_dicom_archive,
    is_dicom_member,
    open_member,
    open_zip,
    refuse_names,
    visible_members,
)
from ganzoo_sources.dicom_start import DICOM_DIRECTORY, DICOM_SUFFIXES, starts_like_dicom


class DicomFiles:
    """The DICOM files of a root, loose or in zips, each by its path below the root, a zip counting as a folder."""

    def __init__(self, source: Source[Any]) -> None:
        self._source = source
        self._root_is_zip = source.root.is_file() and is_dicom_archive(FoundFile(source.root))
        self._archive: tuple[Path, zipfile.ZipFile] | None = None
        self._others: Counter[str] = Counter()

    def listed(self) -> list[tuple[str, str]]:
        """Return path and fingerprint of each file. Raises DataError."""
        self._others.clear()
        root = self._source.root
        if self._root_is_zip:
            return self._members("", root)
        if root.is_file():
            return [(root.name, file_fingerprint(root))]
        tree = tree_of(self._source)
        self._others.update(tree.others)
        found: list[tuple[str, str]] = []
        for file in tree.files:
            loose = file.key.lower().endswith(DICOM_SUFFIXES) or not is_dicom_archive(FoundFile(file.path))
            found += [(file.key, file.fingerprint)] if loose else self._members(f"{file.key}/", file.path)
        return found

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading. Raises DataError or OSError."""
        path, member = self._place(name)
        return open_member(self._opened(path), member, literal(name)) if member else path.open("rb")

    def others(self) -> str:
        """Say which other files there are, by counts."""
        return counts_text(0, self._others)

    def _place(self, name: str) -> tuple[Path, str]:
        """Return the file on the disk, and the member of it if it is a zip."""
        path = self._source.root
        if path.is_file():
            return path, name if self._root_is_zip else ""
        parts = name.split("/")
        for number, part in enumerate(parts[:-1], start=1):
            path = path / part
            if path.is_file():
                return path, "/".join(parts[number:])
        return self._source.root / name, ""

    def _members(self, prefix: str, path: Path) -> list[tuple[str, str]]:
        inside_root(self._source, path)
        archive = self._opened(path)
        found = []
        for member, info in visible_members(archive):
            if is_dicom_member(archive, member, info):
                found.append((info.filename, f"{info.CRC:08x}-{info.file_size}"))
            else:
                self._others[member.suffix.lower() or "files without suffix"] += 1
        refuse_names([name for name, _ in found], literal(str(path)))
        return [(f"{prefix}{name}", fingerprint) for name, fingerprint in sorted(found)]

    def _opened(self, path: Path) -> zipfile.ZipFile:
        if self._source.forget_if_forked() or self._archive is None or self._archive[0] != path:
            self._archive = path, open_zip(path)
        return self._archive[1]


def is_dicom(file: FoundFile) -> bool:
    """Whether a file is DICOM by content, or is a zip of such files."""
    if file.start.startswith(ZIP_STARTS):
        return is_dicom_archive(file)
    return file.name != DICOM_DIRECTORY and starts_like_dicom(file.start)
