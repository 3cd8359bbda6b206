"""Checksums of a folder: `SHA256SUMS`, as `sha256sum -c` reads it. Knows no torch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ganzoo._io.atomic import sha256_of, write_inside
from ganzoo._io.os_errors import shown
from ganzoo._io.regular_file import read_regular
from ganzoo.errors import RunError

SUMS = "SHA256SUMS"
_MOST_BYTES = 64 * 2**20
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
# What clones, downloads and file managers leave beside the files.
_FOREIGN = (".git", ".cache", ".gitattributes", ".DS_Store")


def files_of(folder: Path) -> list[str]:
    """Return the names of all files of a folder but the checksums, below it, sorted."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return sorted(name for name in names if name != SUMS and PurePosixPath(name).parts[0] not in _FOREIGN)


def write_sums(folder: Path) -> None:
    """Write the checksums of all that is in a temporary folder."""
    lines = [f"{sha256_of(folder / name)}  {name}\n" for name in files_of(folder)]
    write_inside(folder, SUMS, "".join(lines).encode())


def read_sums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file, by its name below the folder.

    Raises:
        RunError: The file is missing, damaged, or names a file outside of the folder.
    """
    path = folder / SUMS
    try:
        text = read_regular(path, _MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(
            f"{shown(path)} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}."
        ) from error
    found = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None or (parts := PurePosixPath(match[2])).is_absolute() or ".." in parts.parts:
            raise RunError(f"{shown(path)} is damaged: {line[:80]!r} is no checksum of a file in this folder.")
        found[match[2]] = match[1]
    return found


def sum_problems(folder: Path) -> Iterator[str]:
    """Yield a sentence for each file of a folder that is missing, changed, or not of it."""
    try:
        sums = read_sums(folder)
    except RunError as error:
        yield str(error)
        return
    whole = folder.resolve()
    for name, expected in sums.items():
        if (folder / name).resolve() != whole / name:
            yield f"{shown(folder / name)} is reached by a link; a published folder has files of its own alone."
            continue
        try:
            found = sha256_of(folder / name)
        except OSError as error:
            yield f"{shown(folder / name)} cannot be read: {error.strerror}."
            continue
        if found != expected:
            yield f"{shown(folder / name)} was changed: its content does not match {SUMS}."
    for name in files_of(folder):
        if name not in sums:
            yield f"{shown(folder / name)} is not of the folder as it was published: {SUMS} does not name it."
