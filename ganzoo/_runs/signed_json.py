"""JSON files that carry their own checksum, so that any flipped bit in them is found.

The first line is `{"checksum": "sha256:<64 hex digits>",`; the checksum is that of all bytes after this line.
The whole is ordinary JSON for any other reader.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganzoo._io.atomic import json_bytes, shown
from ganzoo.errors import RunError

_HEAD = b'{"checksum": "sha256:'
_TAIL = b'",\n'
_BODY_START = len(_HEAD) + 64 + len(_TAIL)


def seal(body: Mapping[str, Any]) -> bytes:
    """Return `body` (not empty) as JSON that begins with a checksum of the rest."""
    rest = json_bytes(dict(body)).removeprefix(b"{\n")
    return _HEAD + hashlib.sha256(rest).hexdigest().encode() + _TAIL + rest


def unseal(data: bytes, path: Path) -> bytes:
    """Check a sealed file's bytes and return its body as JSON, without the checksum.

    Raises:
        RunError: A bit changed, the file is cut, or it is no sealed file.
    """
    head, rest = data[:_BODY_START], data[_BODY_START:]
    if head != _HEAD + hashlib.sha256(rest).hexdigest().encode() + _TAIL:
        raise RunError(f"{shown(path)} is damaged: its content does not match its checksum.")
    return b"{" + rest
