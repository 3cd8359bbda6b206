"""Cached files: what is unpacked or checked once for a state of a source, and kept in ganzoo's cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ganzoo._io.atomic import atomic_stream, atomic_write, make_folder, require_space
from ganzoo._io.cache_dir import cache_root
from ganzoo.errors import GanzooError


def unpack_once(identity: str, size: int, write: Callable[[Callable[[bytes], None]], None]) -> Path:
    """Return a file of the cache, written whole or not at all by the first call for its identity.

    Args:
        identity: What the file is made from; it must change when that does (see `file_fingerprint`).
        size: Bytes that the file will have; the disk must have room for them.
        write: Called with a function that appends bytes.

    Raises:
        RunError: The disk is full, or the cache cannot be written.
    """
    final = cache_root() / "unpacked" / f"{_name(identity)}.bin"
    if not final.is_file():
        make_folder(final.parent)
        require_space(final.parent, size)
        with atomic_stream(final, size) as append:
            write(append)
    return final


def check_once(identity: str, check: Callable[[], None]) -> None:
    """Call `check` unless it passed for this identity before, which the cache remembers. Raises what it raises."""
    mark = cache_root() / "checked" / _name(identity)
    if not mark.is_file():
        check()
        atomic_write(mark, b"")


def recall(identity: str) -> bytes | None:
    """Return what `remember` kept for an identity; None where there is nothing, or it is damaged."""
    try:
        digest, _, data = _kept(identity).read_bytes().partition(b"\n")
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest().encode() == digest else None


def remember(identity: str, data: bytes) -> None:
    """Keep in the cache what was found out about a source; a cache that cannot be written keeps nothing.

    Args:
        identity: What it is about; the next call for it takes the place of this one.
        data: It must hold neither names nor anything else of whom images show: caches are not looked after as data are.
    """
    with suppress(GanzooError, OSError):
        make_folder(_kept(identity).parent)
        atomic_write(_kept(identity), hashlib.sha256(data).hexdigest().encode() + b"\n" + data)


def _kept(identity: str) -> Path:
    return cache_root() / "listed" / _name(identity)


def _name(identity: str) -> str:
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:24]
