"""Byte stream: bytes that are read from front to back."""

from __future__ import annotations

from ganzoo.errors import CheckpointError

MAX_LINE = 2**16


class Stream:
    """A position in bytes; reading past the end is an error that says where.

    Args:
        data: All bytes.
        position: Where to begin.
    """

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data, self.position = data, position

    @property
    def rest(self) -> int:
        """How many bytes are left."""
        return len(self.data) - self.position

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        start, end = self.position, self.position + count
        if not start <= end <= len(self.data):
            raise CheckpointError(f"it ends too early: {count:,} bytes are said to follow byte {start:,}")
        self.position = end
        return self.data[start:end]

    def number(self, width: int, *, signed: bool = False) -> int:
        """Return a little-endian integer of `width` bytes."""
        return int.from_bytes(self.take(width), "little", signed=signed)

    def line(self) -> bytes:
        """Return the bytes up to the next newline, which is passed over."""
        end = self.data.find(b"\n", self.position, self.position + MAX_LINE)
        if end < 0:
            raise CheckpointError(f"the line at byte {self.position:,} does not end")
        line = self.data[self.position : end]
        self.position = end + 1
        return line
