"""Zip archive: its members, read one by one and never unpacked, so no name in it can lead anywhere."""

from __future__ import annotations

import stat
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from ganzoo import DataError
from ganzoo.data import IMAGE_SUFFIXES, FoundFile, counts_text
from ganzoo.text import literal, reason_of
from ganzoo_sources.dicom_start import DICOM_DIRECTORY, DICOM_SUFFIXES, starts_like_dicom

MAX_MEMBER_BYTES = 256 * 2**20
ZIP_STARTS = (b"PK\3\4", b"PK\5\6")
_ENCRYPTED = 1
_LISTED = 5
_TRIED = 20
_START_BYTES = 512
_FROM_FOLDERS = frozenset({*DICOM_SUFFIXES, ".nii", ".gz", ".hdr", ".img", ".mgz", ".mgh", ".mdb", ".parquet"})


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip for reading. Raises DataError naming it."""
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise DataError(f"{literal(str(path))}: {error.strerror or reason_of(error)}") from error
    except Exception as error:  # BadZipFile, struct.error, UnicodeDecodeError, NotImplementedError
        raise DataError(f"{literal(str(path))}: is no zip or a damaged one: {reason_of(error)}") from error


def visible_members(archive: zipfile.ZipFile) -> list[tuple[PurePosixPath, zipfile.ZipInfo]]:
    """List the files of an archive but hidden ones and those of `__MACOSX`."""
    members = [(PurePosixPath(info.filename.replace("\\", "/")), info) for info in archive.infolist()]
    return [(path, info) for path, info in members if info.filename[-1:] not in ("", "/") and not is_hidden(path)]


def open_member(archive: zipfile.ZipFile, key: str, name: str) -> IO[bytes]:
    """Open a file of an archive. Raises DataError for what is no plain file of a bearable size."""
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
        return archive.open(info)
    except Exception as error:  # BadZipFile, RuntimeError, NotImplementedError and more
        raise _damaged(name, error) from error


def read_member(archive: zipfile.ZipFile, key: str, name: str) -> bytes:
    """Return what a file of an archive holds. Raises DataError."""
    with open_member(archive, key, name) as file:
        try:
            return file.read(MAX_MEMBER_BYTES)
        except Exception as error:  # zlib.error, BadZipFile, EOFError and more
            raise _damaged(name, error) from error


def refuse_names(names: Sequence[str], where: str) -> None:
    """Raise DataError where two members have one name, or a name leads out of the archive."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{where}: holds two files of one name: {_some(twice)}; which one is right cannot be known")
    leading = [name for name in names if _leads_out(name)]
    if leading:
        raise DataError(
            f"{where}: has names that lead out of it: {_some(leading)}. No honest tool writes such names: "
            "get the archive again, or pack it again"
        )


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


def is_dicom_archive(file: FoundFile) -> bool:
    """Whether a file is a zip of DICOM files: it has a DICOMDIR, or such files and no image of another format."""
    if not file.start.startswith(ZIP_STARTS) or file.name.endswith(".npz"):
        return False
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = visible_members(archive)
            suffixes = {path.suffix.lower() for path, _ in members}
            if any(path.name.lower() == DICOM_DIRECTORY for path, _ in members):
                return True
            if suffixes & IMAGE_SUFFIXES:
                return False
            return bool(suffixes & {*DICOM_SUFFIXES}) or any(
                is_dicom_member(archive, path, info) for path, info in members[:_TRIED]
            )
    except Exception:  # whatever zipfile raises of a damaged one
        return False


def found_text(images: int, others: Counter[str]) -> str:
    """Say what an archive holds, and what to do where it is of formats that are read from folders."""
    remedy = "; unpack the archive: such files are read from a folder" if _FROM_FOLDERS & others.keys() else ""
    return f"{counts_text(images, others)}{remedy}"


def is_dicom_member(archive: zipfile.ZipFile, path: PurePosixPath, info: zipfile.ZipInfo) -> bool:
    """Whether a file of an archive is DICOM, by its name or by content."""
    if path.name.lower().endswith(DICOM_SUFFIXES):
        return True
    if path.name.lower() == DICOM_DIRECTORY:
        return False
    try:
        with archive.open(info) as file:
            return starts_like_dicom(file.read(_START_BYTES))
    except Exception:  # it is encrypted or damaged, or of an unknown compression
        return False


def _damaged(name: str, error: Exception) -> DataError:
    return DataError(f"{name}: is damaged in the archive: {reason_of(error)}")


def is_hidden(path: PurePosixPath) -> bool:
    """Whether a member is hidden, or in `__MACOSX`."""
    return "__MACOSX" in path.parts or any(part.startswith(".") and part != ".." for part in path.parts)


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or name[1:2] == ":"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(literal(name) for name in names[:_LISTED])
    return f"{shown} and {len(names) - _LISTED} more" if len(names) > _LISTED else shown
