"""PNG reader: what a PNG file says of its pixels, without its text, and with its checksums checked."""

from __future__ import annotations

import io
import struct
import zlib
from typing import IO

from ganzoo.errors import DataError

START = b"\x89PNG\r\n\x1a\n"

# What decides on pixels: header, palette, transparency, orientation, the count of an animation's frames, data, end.
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"acTL", b"IDAT", b"IEND")
_ORIENTED = b"XML:com.adobe.xmp\0\0\0"  # uncompressed; an orientation may be in it, and it may be large
_MOST_TEXT = 2**18
_HEAD = struct.Struct(">I4s")
_CHECK = 4


def without_text(file: IO[bytes], name: str) -> IO[bytes]:
    """Return a PNG with nothing but its pixels and what decides on them.

    Workflows and editing histories of megabytes lie in the text of intact files; Pillow refuses these for its size.

    Raises:
        DataError: A checksum is wrong, or the file ends before its end mark.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(len(START))
    kept = [START]
    while True:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise DataError(f"{name}: is damaged or truncated: it ends before its end mark")
        length, kind = _HEAD.unpack(head)
        if length + _CHECK > size - file.tell():
            raise DataError(f"{name}: is damaged or truncated: it ends within a piece of {length} bytes")
        body = file.read(length + _CHECK)
        if zlib.crc32(body[:-_CHECK], zlib.crc32(kind)).to_bytes(_CHECK, "big") != body[-_CHECK:]:
            raise DataError(f"{name}: is damaged or truncated: a checksum in it is wrong")
        if kind in _KEPT or (kind == b"iTXt" and body.startswith(_ORIENTED) and length < _MOST_TEXT):
            kept += [head, body]
        if kind == b"IEND":
            return io.BytesIO(b"".join(kept))
