"""Atomic writing, in the one module that writes to disk: whole files and folders, or nothing.

Everything is written to a temporary sibling in the same folder, synced, renamed, and the folder synced, so that
neither SIGKILL nor power loss leaves a half-written file under a final name. Modes follow the umask.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ganzoo._io.os_errors import require_space, shown, writing
from ganzoo._io.regular_file import open_regular, read_regular
from ganzoo._io.temporaries import (
    TEMPORARY_PREFIX,
    make_temporary_directory,
    open_temporary,
    remove_tree,
    sweep_temporaries,
)
from ganzoo.errors import RefusedError, RunError

__all__ = [
    "TEMPORARY_PREFIX",
    "atomic_stream",
    "atomic_write",
    "json_bytes",
    "make_folder",
    "open_copy",
    "publish_directory",
    "publish_file",
    "remove_tree",
    "require_space",
    "sha256_of",
    "shown",
    "sweep_temporaries",
    "sync",
    "temporary_directory_beside",
    "write_all",
    "write_inside",
    "write_json",
    "write_text",
    "writing",
]


def make_folder(folder: Path) -> None:
    """Make `folder` and its missing parents, each synced into its own parent."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        if folder == folder.parent:
            break
        folder = folder.parent
    for each in reversed(missing):
        with writing(each):
            each.mkdir(exist_ok=True)
            _sync_folder(each.parent)


def atomic_write(path: Path, data: bytes) -> None:
    """Write `data` under `path`, whole or not at all; what was there before is replaced in one step.

    Raises:
        RunError: The disk is full; the old file is intact.
        GanzooError: The folder is read-only.
    """
    with atomic_stream(path, len(data)) as write:
        write(data)


@contextmanager
def atomic_stream(path: Path, size: int) -> Iterator[Callable[[bytes], None]]:
    """Give a function that appends; at the end of the block all of it is under `path`, or nothing is.

    `size` bytes will be appended, so that a full disk is noticed before. Raises as `atomic_write` does.
    """
    make_folder(path.parent)
    with writing(path, size):
        temporary, descriptor = open_temporary(path)
        try:
            yield lambda data: write_all(descriptor, data)
            os.fsync(descriptor)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        finally:
            os.close(descriptor)
        _sync_folder(path.parent)


def open_copy(path: Path) -> int:
    """Put a copy of a file in its place, or an empty one where there is none, and return it, opened to append.

    Whoever had the file open before writes to one without a name from now on.
    """
    try:
        content = read_regular(path)
    except FileNotFoundError:
        content = b""
    temporary, descriptor = open_temporary(path)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND)
        temporary.replace(path)
    except BaseException:
        os.close(descriptor)
        raise
    _sync_folder(path.parent)
    return descriptor


def write_inside(temporary: Path, name: str, data: bytes) -> None:
    """Write a file into a temporary folder, which `publish_directory` syncs as a whole."""
    path = temporary / name
    with writing(path, len(data)):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            write_all(descriptor, data)
        finally:
            os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically; lone surrogates are written as their escapes."""
    atomic_write(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, value: Any) -> None:
    """Write plain data as strict JSON with sorted keys, atomically."""
    atomic_write(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """Return plain data as strict, ASCII-only JSON with sorted keys: equal data give equal bytes."""
    try:
        return (json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n").encode("ascii")
    except ValueError as error:
        raise RunError(f"cannot be written as JSON: {error}.") from error


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, in as many pieces as the system takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync(path: Path) -> None:
    """Force a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    try:
        sync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems cannot sync folders
            raise


@contextmanager
def temporary_directory_beside(path: Path) -> Iterator[Path]:
    """Give a fresh folder beside `path`, to be filled and then published; what is not published is removed."""
    make_folder(path.parent)
    with writing(path):
        temporary, descriptor = make_temporary_directory(path)
    try:
        yield temporary
    finally:
        remove_tree(temporary)
        os.close(descriptor)


def publish_directory(temporary: Path, final: Path) -> None:
    """Put a filled folder in its place: sync all in it, set modes by the umask, rename, sync the parent.

    Raises:
        RefusedError: There is something at `final` already; it is left alone.
    """
    taken = f"{shown(final)} exists already and is not replaced."
    if os.path.lexists(final):
        raise RefusedError(taken)
    with writing(final):
        mode = _folder_mode(temporary)
        for folder, _, names in os.walk(temporary, topdown=False):
            for name in names:
                file = Path(folder, name)
                if not file.is_symlink():
                    file.chmod(mode & 0o666)
                    sync(file)
            Path(folder).chmod(mode)
            _sync_folder(Path(folder))
        try:
            temporary.rename(final)
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise RefusedError(taken) from error
            raise
        _sync_folder(final.parent)


def publish_file(temporary: Path, final: Path) -> None:
    """Put a finished file in its place, as `publish_directory` does a folder; what was at `final` is replaced."""
    with writing(final):
        temporary.chmod(_folder_mode(temporary.parent) & 0o666)
        sync(temporary)
        temporary.replace(final)
        _sync_folder(final.parent)


def _folder_mode(parent: Path) -> int:
    """Return the mode that a new folder gets here; asking the umask itself would disturb other threads."""
    probe = parent / f"{TEMPORARY_PREFIX}mode"
    probe.mkdir()
    mode = stat.S_IMODE(probe.stat().st_mode)
    probe.rmdir()
    return mode


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, 64 hex digits."""
    with open(open_regular(path, follow=True), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
