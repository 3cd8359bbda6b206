"""Zip format: an archive of image files. Nothing is unpacked, so no name in it can lead anywhere."""

from __future__ import annotations

import stat
import zipfile
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath

from ganzoo import ComponentOptions, DataError
from ganzoo.data import IMAGE_SUFFIXES, Entry, FoundFile, Picture, Source, SourceOptions, decode_image
from ganzoo.text import literal
from ganzoo_sources.labels import LABELS_FILE, parse_labels

MAX_MEMBER_BYTES = 256 * 2**20
ZIP_STARTS = (b"PK\3\4", b"PK\5\6")
_ENCRYPTED = 1
_LISTED = 5


class ZipSource(Source):
    """A zip of image files, with the labels of its `dataset.json` if there is one (the layout of StyleGAN2-ADA)."""

    name = "zip"
    suffixes = (".zip",)
    takes_folders = False
    has_file_names = True

    def __init__(self, options: ComponentOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._archive: zipfile.ZipFile | None = None
        self._others: Counter[str] = Counter()
        self._count = 0

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        return file.start.startswith(ZIP_STARTS) and not is_array_archive(file)

    def entries(self) -> Sequence[Entry]:
        self._others.clear()
        members = []
        for info in self._opened().infolist():
            path = PurePosixPath(info.filename.replace("\\", "/"))
            if info.filename[-1:] in ("", "/") or _is_hidden(path):
                continue
            if path.suffix.lower() in IMAGE_SUFFIXES:
                members.append(info)
            else:
                self._others[path.suffix.lower() or "files without suffix"] += 1
        self._count = len(members)
        self._refuse_names([info.filename for info in members])
        labels = self._labels()
        return [
            Entry(info.filename, f"{info.CRC:08x}-{info.file_size}", labels.get(info.filename))
            for info in sorted(members, key=lambda info: info.filename)
        ]

    def picture(self, key: str) -> Picture:
        name = literal(key)
        return decode_image(BytesIO(self._content(key, name)), name)

    def found(self) -> str:
        counts = [f"{self._count} image files"] if self._count else []
        counts += [f"{count} {literal(suffix)}" for suffix, count in self._others.most_common(5)]
        return ", ".join(counts) or "nothing"

    def _opened(self) -> zipfile.ZipFile:
        if self._archive is None or self.forget_if_forked():
            self._archive = open_zip(self.root)
        return self._archive

    def _content(self, key: str, name: str) -> bytes:
        archive = self._opened()
        try:
            info = archive.getinfo(key)
        except KeyError as error:
            raise DataError(f"{name}: is not in the archive any more") from error
        if stat.S_ISLNK(info.external_attr >> 16):
            raise DataError(f"{name}: is a link; links in archives are not followed")
        if info.flag_bits & _ENCRYPTED:
            raise DataError(f"{name}: is encrypted; unpack the archive and use the folder")
        if info.file_size > MAX_MEMBER_BYTES:
            raise DataError(f"{name}: has more than {MAX_MEMBER_BYTES // 2**20} MiB")
        if info.file_size == 0:
            raise DataError(f"{name}: is empty")
        try:
            with archive.open(info) as file:
                return file.read(MAX_MEMBER_BYTES)
        except Exception as error:  # zlib.error, BadZipFile, EOFError, RuntimeError, NotImplementedError and more
            raise DataError(f"{name}: is damaged in the archive: {literal(str(error))}") from error

    def _labels(self) -> dict[str, int]:
        archive = self._opened()
        if LABELS_FILE not in archive.NameToInfo:
            return {}
        name = f"{literal(str(self.root))}: {LABELS_FILE}"
        return parse_labels(BytesIO(self._content(LABELS_FILE, name)), name)

    def _refuse_names(self, names: Sequence[str]) -> None:
        where = literal(str(self.root))
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise DataError(f"{where}: holds two files of one name: {_some(twice)}; which one is right cannot be known")
        leading = [name for name in names if _leads_out(name)]
        if leading:
            raise DataError(
                f"{where}: has names that lead out of it: {_some(leading)}. No honest tool writes such names: "
                "get the archive again, or pack it again"
            )


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip for reading. Raises DataError naming it."""
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise DataError(f"{literal(str(path))}: {error.strerror or literal(str(error))}") from error
    except Exception as error:  # BadZipFile, struct.error, UnicodeDecodeError, NotImplementedError
        raise DataError(f"{literal(str(path))}: is no zip or a damaged one: {literal(str(error))}") from error


def is_array_archive(file: FoundFile) -> bool:
    """Whether a file is a zip of arrays and nothing else, as NumPy's `.npz` is."""
    if not file.start.startswith(ZIP_STARTS):
        return False
    if file.name.endswith(".npz"):
        return True
    try:
        with zipfile.ZipFile(file.path) as archive:
            names = archive.namelist()
    except Exception:  # whatever zipfile raises of a damaged one: it is no archive of arrays then
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _is_hidden(path: PurePosixPath) -> bool:
    return "__MACOSX" in path.parts or any(part.startswith(".") and part != ".." for part in path.parts)


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or name[1:2] == ":"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(literal(name) for name in names[:_LISTED])
    return f"{shown} and {len(names) - _LISTED} more" if len(names) > _LISTED else shown
