"""PNG check: whether a file is intact, by the checksums that it carries; nothing is decoded."""

from __future__ import annotations

import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_damage(data: bytes) -> str | None:
    """Return what is wrong with a PNG file's bytes, or None: each chunk's CRC, their order, and the very end."""
    if not data.startswith(_SIGNATURE):
        return "it does not begin as a PNG file does"
    offset = len(_SIGNATURE)
    while offset < len(data):
        length = int.from_bytes(data[offset : offset + 4], "big")
        body, end = data[offset + 4 : offset + 8 + length], offset + 12 + length
        if end > len(data):
            return "it ends too early"
        if zlib.crc32(body) != int.from_bytes(data[end - 4 : end], "big"):
            return f"the checksum at byte {end - 4:,} does not match"
        if body[:4] == b"IEND":
            return None if end == len(data) else "something follows its end"
        offset = end
    return "it ends too early"
