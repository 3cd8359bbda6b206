"""File kind: what a file is by its first bytes, where it is not what its name says."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from ganzoo.text import clip, literal

START_BYTES = 4096
"""How many bytes from its beginning tell what a file is."""

_LFS = b"version https://git-lfs.github.com/spec/"
_PAGE = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|title|script)\b", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_UNPACK = "a {} archive: unpack it first, and give the file inside"
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", _UNPACK.format("gzip")),
    (b"BZh", _UNPACK.format("bzip2")),
    (b"\xfd7zXZ\0", _UNPACK.format("xz")),
    (b"\x28\xb5\x2f\xfd", _UNPACK.format("Zstandard")),
    (b"7z\xbc\xaf\x27\x1c", _UNPACK.format("7-Zip")),
    (b"Rar!\x1a\x07", _UNPACK.format("RAR")),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras and MATLAB write them"),
    (b"\x93NUMPY", "an array of numpy (.npy)"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x7fELF", "a program for Linux"),
    (b"MZ\x90\0", "a program for Windows"),
    (b"<?xml", "an XML page, as servers send in place of a file that they refuse: download it again"),
)
_TAR_MARK = 257  # where tar archives say `ustar`
_PATTERNS = (
    (
        rb"\x08[\x01-\x20]\x12.(pytorch|onnx|tf2onnx|keras2onnx|skl2onnx)",
        "an ONNX graph, where weights are folded into operations: export safetensors instead",
    ),
    # Protocol 0 of pickle is text too, and begins like none of these.
    (
        rb"\s*\{\s*\"[^\"\\]{1,100}\"\s*:",
        "JSON text, as servers send in place of a file that they refuse: open its address in a browser",
    ),
    (rb"\s*(#!|import \w|from \w+ import |def \w|Traceback )", "text of a program, not a file that one wrote"),
)


def kind_of(start: bytes) -> str | None:
    """Name what a file is by its first bytes, with what would do: "a Git LFS pointer, not the file: ...".

    Args:
        start: The first `START_BYTES` bytes, or all of a shorter file.

    Returns:
        A noun phrase; None where the beginning says nothing.
    """
    if start.startswith(_LFS):
        return _pointer(start)
    if _PAGE.match(start):
        return _page(start)
    if start[_TAR_MARK : _TAR_MARK + 5] == b"ustar":
        return _UNPACK.format("tar")
    if len(start) >= 64 and not any(start):
        return "zeros alone, as a download that was begun and never filled"
    by_prefix = (kind for prefix, kind in _STARTS if start.startswith(prefix))
    by_pattern = (kind for pattern, kind in _PATTERNS if re.match(pattern, start, re.DOTALL))
    return next(by_prefix, None) or next(by_pattern, None)


def members_text(names: Sequence[str]) -> str:
    """Return the first names of an archive for a message."""
    shown = ", ".join(clip(literal(name), 40) for name in names[:3])
    return f"{shown} and {len(names) - 3:,} more" if len(names) > 3 else shown or "nothing"


def _pointer(start: bytes) -> str:
    size = re.search(rb"^size (\d{1,18})$", start, re.MULTILINE)
    missing = f" of {int(size[1]) / 1e6:,.1f} MB" if size else ""
    return f"a Git LFS pointer, not the file{missing} that it stands for: run `git lfs pull` where it was cloned"


def _page(start: bytes) -> str:
    title = _TITLE.search(start.decode("utf-8", "replace"))
    called = " ".join(html.unescape(title[1]).split()) if title else ""
    name = f" ('{clip(literal(called), 60)}')" if called else ""
    return f"an HTML page{name}, as servers send in place of a file that they refuse: open its address in a browser"
