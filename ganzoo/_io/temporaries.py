"""Temporaries: where something is written before it gets its name, and how leftovers are recognized.

A process holds a kernel lock on each of its temporaries. The kernel frees it when the process dies, however it
dies, so sweeping removes exactly what no process is filling any more. Where a folder is owned by lease, they lie in the
owner's staging folder, which goes as a whole.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from ganzoo._io.os_errors import writing
from ganzoo._io.staging import staging_of

TEMPORARY_PREFIX = ".tmp-"
_ATTEMPTS = 20
_OURS = re.compile(re.escape(TEMPORARY_PREFIX) + "(?:[0-9a-f]{16}|mode)")  # another program's may begin so too


def temporary_name(path: Path) -> Path:
    """Return a fresh name on the same file system, so that renaming it to `path` is one atomic step."""
    name, staging = f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}", staging_of(path)
    return staging.folder / name if staging else path.with_name(name)


def open_temporary(path: Path) -> tuple[Path, int]:
    """Open a fresh, locked file beside `path` for writing; its mode follows the umask."""
    while True:
        temporary = temporary_name(path)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        if _claim(descriptor):
            return temporary, descriptor
        os.close(descriptor)


def make_temporary_directory(path: Path) -> tuple[Path, int]:
    """Make a fresh, locked folder beside `path`; the lock lasts until the descriptor is closed."""
    while True:
        temporary = temporary_name(path)
        temporary.mkdir()
        try:
            descriptor = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:  # swept in the moment before it was locked
            continue
        if _claim(descriptor):
            return temporary, descriptor
        os.close(descriptor)


def _claim(descriptor: int) -> bool:
    """Lock an own temporary; False if a sweeper took it in the moment before."""
    with suppress(OSError):  # a file system without locks: such temporaries are never swept
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return os.fstat(descriptor).st_nlink > 0


def remove_tree(path: Path) -> None:
    """Remove a folder or file; a folder loses its name first, so that no half of it is ever seen.

    Links are removed, never followed.
    """
    with writing(path), suppress(FileNotFoundError):
        is_folder = path.is_dir() and not path.is_symlink()
        if not path.name.startswith(TEMPORARY_PREFIX) and (is_folder or staging_of(path)):
            path = path.rename(temporary_name(path))
        if not is_folder:
            path.unlink()
            return
        shutil.rmtree(path)  # noqa: TID251 - here is where it is done


def remove_fenced(folder: Path) -> None:
    """Remove a staging folder, whose owner may be writing in it or paused: afterwards it can rename nothing out of it.

    It loses its name first, so that nothing new is made in it by its name.
    """
    path = folder
    with writing(folder), suppress(FileNotFoundError):
        if not folder.name.startswith(TEMPORARY_PREFIX):
            path = folder.rename(folder.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"))
        for attempt in range(_ATTEMPTS):
            with suppress(OSError):  # not empty: a file was made in it, or one that is open stays for a while on NFS
                shutil.rmtree(path)  # noqa: TID251 - as above
                return
            if attempt and all(name.startswith(".nfs") for name in os.listdir(path)):
                return  # without a name that its owner knows
        raise OSError(errno.ENOTEMPTY, "it cannot be emptied")


def sweep_temporaries(folder: Path) -> None:
    """Remove what killed processes left in `folder`; temporaries that a living process fills are left alone."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in list(entries):
            if _OURS.fullmatch(entry.name):
                _sweep(Path(entry.path))


def _sweep(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove_tree(path)
    except OSError:
        return  # another process is still filling it
    finally:
        os.close(descriptor)
