"""B+ tree of LMDB files, read within bounds.

The liblmdb that the package `lmdb` wraps maps the file and trusts it: a file that is cut off, or has a flipped bit in
a page, ends the process by SIGBUS or SIGSEGV, which no message can follow (18 of 20 cut files did). This reader finds
single keys of the main database, checks each offset before it uses it, and writes nothing.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from ganzoo import DataError
from ganzoo.text import literal

MAGIC = 0xBEEFC0DE
MAGIC_OFFSET = 16  # in each of the first two pages, behind the page's header

_VERSION = 1
_HEADER = struct.Struct("<QHHHH")  # page number, padding, flags, end of pointers, begin of nodes
_META = struct.Struct("<IIQQ")  # magic, version, address, size of the map
_DATABASE = struct.Struct("<IHHQQQQQ")  # page size, flags, depth, three counts of pages, entries, root
_TAIL = struct.Struct("<QQ")  # last page, transaction
_NODE = struct.Struct("<HHHH")  # low and high half of the size, flags, size of the key
_BRANCH, _LEAF, _OVERFLOW, _META_PAGE = 1, 2, 4, 8
_BIG, _SUB = 1, 2
_EMPTY = 2**64 - 1
_MAX_VALUE = 256 * 2**20
_PAGE_SIZES = tuple(2**power for power in range(8, 17))


class KeyFile:
    """The main database of an LMDB file.

    Args:
        path: The file, usually `data.mdb`.

    Raises:
        DataError: It is no LMDB file, or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        self.name = literal(str(path))
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise DataError(f"{self.name}: {error.strerror}") from error
        self._size = os.fstat(self._file).st_size
        self.page_size = 4096
        self.count, self._depth, self._root, self._last = self._newest()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None. Raises DataError where the file is damaged."""
        if self._root == _EMPTY:
            return None
        number = self._root
        for _ in range(self._depth):
            page = self._page(number)
            flags, pointers = self._pointers(page, number)
            if flags & _LEAF:
                return self._in_leaf(page, pointers, key, number)
            if not flags & _BRANCH or not pointers:
                break
            number = self._child(page, pointers, key, number)
        raise self._damaged(f"page {number} is not where its tree says")

    def _newest(self) -> tuple[int, int, int, int]:
        """Return entries, depth, root and last page of the newer of the two meta pages."""
        found = []
        self.page_size = self._stated_page_size()
        for number in (0, 1):
            page = self._bytes(number * self.page_size, self.page_size)
            if _META.unpack_from(page, MAGIC_OFFSET)[:2] != (MAGIC, _VERSION):
                raise self._damaged(f"page {number} is no page of an LMDB file of version {_VERSION}")
            main = _DATABASE.unpack_from(page, MAGIC_OFFSET + _META.size + _DATABASE.size)
            last, transaction = _TAIL.unpack_from(page, MAGIC_OFFSET + _META.size + 2 * _DATABASE.size)
            found.append((transaction, main[6], main[2], main[7], last))
        _, count, depth, root, last = max(found)
        if (last + 1) * self.page_size > self._size:
            raise self._damaged(f"it should have {(last + 1) * self.page_size} bytes, and has {self._size}")
        return count, min(depth, 64), root, last

    def _stated_page_size(self) -> int:
        start = self._bytes(0, MAGIC_OFFSET + _META.size + 4)
        if _META.unpack_from(start, MAGIC_OFFSET)[0] != MAGIC:
            raise DataError(f"{self.name}: is no LMDB file")
        size = struct.unpack_from("<I", start, MAGIC_OFFSET + _META.size)[0]
        if size not in _PAGE_SIZES:
            raise self._damaged(f"its pages cannot have {size} bytes")
        return int(size)

    def _page(self, number: int) -> bytes:
        if not 1 < number <= self._last:
            raise self._damaged(f"there is no page {number}")
        page = self._bytes(number * self.page_size, self.page_size)
        if _HEADER.unpack_from(page)[0] != number:
            raise self._damaged(f"page {number} calls itself another")
        return page

    def _pointers(self, page: bytes, number: int) -> tuple[int, tuple[int, ...]]:
        _, _, flags, lower, upper = _HEADER.unpack_from(page)
        if flags & (_OVERFLOW | _META_PAGE) or not _HEADER.size <= lower <= upper <= len(page):
            raise self._damaged(f"page {number} has impossible bounds")
        return flags, struct.unpack_from(f"<{(lower - _HEADER.size) // 2}H", page, _HEADER.size)

    def _node(self, page: bytes, pointer: int, number: int) -> tuple[int, int, bytes, int]:
        """Return size or low half of the child, flags, key, and where the data begin."""
        if pointer + _NODE.size > len(page):
            raise self._damaged(f"page {number} points behind its end")
        low, high, flags, key_size = _NODE.unpack_from(page, pointer)
        begin = pointer + _NODE.size + key_size
        if begin > len(page):
            raise self._damaged(f"page {number} has a key that is too long")
        return low | high << 16, flags, page[pointer + _NODE.size : begin], begin

    def _child(self, page: bytes, pointers: tuple[int, ...], key: bytes, number: int) -> int:
        low, high = 1, len(pointers)  # the first key of a branch is empty: less than all
        while low < high:
            middle = (low + high) // 2
            if self._node(page, pointers[middle], number)[2] <= key:
                low = middle + 1
            else:
                high = middle
        child, flags, _, _ = self._node(page, pointers[low - 1], number)
        return child | flags << 32

    def _in_leaf(self, page: bytes, pointers: tuple[int, ...], key: bytes, number: int) -> bytes | None:
        low, high = 0, len(pointers)
        while low < high:
            middle = (low + high) // 2
            if self._node(page, pointers[middle], number)[2] < key:
                low = middle + 1
            else:
                high = middle
        if low == len(pointers):
            return None
        size, flags, found, begin = self._node(page, pointers[low], number)
        return self._value(page, size, flags, begin, number) if found == key else None

    def _value(self, page: bytes, size: int, flags: int, begin: int, number: int) -> bytes:
        if flags & ~_BIG:
            raise self._damaged(f"page {number} holds something else than a value")
        if not flags & _BIG:
            if begin + size > len(page):
                raise self._damaged(f"page {number} has a value that is too long")
            return page[begin : begin + size]
        if begin + 8 > len(page) or size > _MAX_VALUE:
            raise self._damaged(f"page {number} has a value that is too long")
        first = struct.unpack_from("<Q", page, begin)[0]
        if not 1 < first <= self._last:
            raise self._damaged(f"there is no page {first}")
        whole = self._bytes(first * self.page_size, _HEADER.size + size)
        there, _, kind = struct.unpack_from("<QHH", whole)
        if there != first or not kind & _OVERFLOW:
            raise self._damaged(f"page {first} is no page of values")
        return whole[_HEADER.size :]

    def _bytes(self, offset: int, size: int) -> bytes:
        data = os.pread(self._file, size, offset) if offset + size <= self._size else b""
        if len(data) != size:
            raise self._damaged("it is cut off")
        return data

    def _damaged(self, what: str) -> DataError:
        return DataError(f"{self.name}: is damaged: {what}")
