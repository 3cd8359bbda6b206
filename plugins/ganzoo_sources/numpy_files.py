"""NumPy files, mapped into memory and never unpickled."""

from __future__ import annotations

import mmap
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import DataError
from ganzoo.data import check_once, file_fingerprint, unpack_once
from ganzoo.text import literal, reason_of
from ganzoo_sources.archive import open_zip

_LOCAL_HEADER = 30
_COPIED_AT_ONCE = 2**22


def map_npy(path: Path, offset: int = 0, size: int | None = None) -> NDArray[Any]:
    """Map an array that a file holds from `offset` on, without reading it.

    Args:
        path: The file.
        offset: Where numpy's header begins.
        size: How many bytes header and array have; the rest of the file if None.

    Raises:
        DataError: It is no array of numbers or text, or damaged, or of another size than it says.
    """
    name = literal(str(path))
    try:
        with path.open("rb") as file:
            file.seek(offset)
            shape, fortran, dtype = _header(file)
            start = file.tell()
            end = file.seek(0, 2) if size is None else offset + size
            expected = _byte_count(shape, dtype)
            if expected != end - start:
                raise DataError(
                    f"{name}: its header promises {expected} bytes, but {end - start} follow: it is damaged or cut off"
                )
            if not expected:
                return np.empty(shape, dtype)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.ndarray(shape, dtype, mapped, start, order="F" if fortran else "C")
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{name}: {error.strerror or reason_of(error)}") from error
    except Exception as error:  # a damaged header makes numpy raise whatever Python's own parser raises
        raise DataError(f"{name}: is no array that can be read: {reason_of(error)}") from error


class NpzFile:
    """An `.npz`, whose arrays are mapped one by one; a compressed one is unpacked once, into the cache.

    Raises:
        DataError: It is no zip, or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._archive = open_zip(path)
        self._members = {info.filename.removesuffix(".npy"): info for info in self._archive.infolist()}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its arrays."""
        return tuple(self._members)

    def array(self, name: str) -> NDArray[Any]:
        """Map an array. Raises DataError where it is damaged."""
        return _map_member(self._path, self._archive, self._members[name])


def _map_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    if info.compress_type != zipfile.ZIP_STORED:
        return map_npy(_unpacked(path, archive, info))
    _checked(path, archive, info)
    with path.open("rb") as file:
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or header[:4] != b"PK\3\4":
        raise DataError(f"{literal(str(path))}: is damaged: {literal(info.filename)} is not where it should be")
    name_size, extra_size = struct.unpack_from("<HH", header, 26)
    return map_npy(path, info.header_offset + _LOCAL_HEADER + name_size + extra_size, info.file_size)


def _checked(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Compare a stored array with its checksum, once for this state of the file."""

    def check() -> None:
        name = literal(f"{path}: {info.filename}")
        with _member(archive, info, name) as packed:
            while _block(packed, name):
                pass

    check_once(_identity(path, info), check)


def _identity(path: Path, info: zipfile.ZipInfo) -> str:
    return f"{path.resolve()}\0{file_fingerprint(path)}\0{info.filename}\0{info.CRC}"


def _unpacked(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Path:
    def write(append: Callable[[bytes], None]) -> None:
        _copy(archive, info, append, literal(f"{path}: {info.filename}"))

    return unpack_once(_identity(path, info), info.file_size, write)


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, append: Callable[[bytes], None], name: str) -> None:
    with _member(archive, info, name) as packed:
        try:
            shape, _, dtype = _header(packed)
        except Exception as error:
            raise DataError(f"{name}: is no array that can be read: {reason_of(error)}") from error
        if packed.tell() + _byte_count(shape, dtype) != info.file_size:
            raise DataError(f"{name}: its header and its size do not agree")
    with _member(archive, info, name) as packed:
        while block := _block(packed, name):
            append(block)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> IO[bytes]:
    try:
        return archive.open(info)
    except Exception as error:  # BadZipFile, RuntimeError for an encrypted one, NotImplementedError
        raise DataError(f"{name}: is damaged or encrypted: {reason_of(error)}") from error


def _block(packed: IO[bytes], name: str) -> bytes:
    try:
        return packed.read(_COPIED_AT_ONCE)
    except Exception as error:  # zlib.error, BadZipFile, EOFError
        raise DataError(f"{name}: is damaged: {reason_of(error)}") from error


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.hasobject or dtype.names or any(side < 0 for side in shape):
        raise ValueError(f"it holds {dtype}")
    return shape, fortran, dtype


def _byte_count(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    count = dtype.itemsize
    for side in shape:
        count *= int(side)
    return count
