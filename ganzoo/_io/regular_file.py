"""Regular files: what is read is a plain file, no pipe that would wait for ever, no device, no link elsewhere."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


class NotRegularError(OSError):
    """There is something at a path that is no plain file; `strerror` says what."""


def kind_of(mode: int) -> str:
    """Return what a file's mode says it is, for a message: `a named pipe`."""
    kinds = {
        stat.S_IFLNK: "a link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFBLK: "a device",
        stat.S_IFCHR: "a device",
        stat.S_IFREG: "a file",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def open_regular(path: Path, flags: int = os.O_RDONLY, *, follow: bool = False) -> int:
    """Open a plain file and return its descriptor; it never waits, and with `O_CREAT` a missing file is made.

    Args:
        path: The file.
        flags: As `os.open` takes them.
        follow: Whether a link to a plain file will do.

    Raises:
        NotRegularError: It is a pipe, a device, a folder or a link.
        OSError: It is missing, or may not be opened.
    """
    # O_NONBLOCK: else opening a pipe waits for its other end. It changes nothing for a plain file.
    flags |= os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO) and os.path.lexists(path):
            raise _not_regular(os.lstat(path).st_mode) from error
        raise
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise _not_regular(mode)
    return descriptor


def read_regular(path: Path, most: int | None = None, *, follow: bool = False) -> bytes:
    """Return the content of a plain file; raises as `open_regular` does.

    Raises:
        NotRegularError: It is a pipe, a device, a folder or a link.
        OSError: It cannot be read, or holds more than `most` bytes.
    """
    with open(open_regular(path, follow=follow), "rb") as file:
        data = file.read() if most is None else file.read(most + 1)
    if most is not None and len(data) > most:
        raise OSError(errno.EFBIG, f"larger than {most:,} bytes")
    return data


def _not_regular(mode: int) -> NotRegularError:
    return NotRegularError(errno.EINVAL, f"it is {kind_of(mode)}, not a file of its own")
