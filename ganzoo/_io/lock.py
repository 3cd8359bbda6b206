"""Lock: one owner per run, by a kernel lock that ends with its owner's process."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ganzoo._io.os_errors import shown, writing
from ganzoo._io.regular_file import open_regular
from ganzoo.errors import RefusedError
from ganzoo.text import literal

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_held: set[int] = set()


def _drop_in_child() -> None:
    """A forked worker must not keep its parent's runs locked when the parent is killed."""
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_drop_in_child)


@contextmanager
def owned(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path` for the length of a `with` block.

    Args:
        path: The lock file; made if missing and never removed, since the lock is on the file itself.
        what: What is owned, for the message to a second process: `the run runs/a-s0`.

    Raises:
        RefusedError: Another process holds it, or the file system has no locks.
    """
    with writing(path):
        descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        _acquire(descriptor, path, what)
    except BaseException:
        os.close(descriptor)
        raise
    _held.add(descriptor)
    try:
        with writing(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(_identity()).encode(), 0)
        yield
    finally:
        if descriptor in _held:  # a forked child has dropped it already
            _held.discard(descriptor)
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
                fcntl.flock(descriptor, fcntl.LOCK_UN)  # a child just forked may not have dropped its copy yet
            os.close(descriptor)


def _acquire(descriptor: int, path: Path, what: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RefusedError(
            f"{what} is held by {_holder(descriptor)}. Wait until it ends, or stop it; its lock goes with it."
        ) from None
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise RefusedError(
                f"{shown(path.parent)} is on a file system without locks (flock: {error.strerror}), "
                "where two processes could damage one run. Keep runs on a local disk."
            ) from error
        raise


def holder_of(path: Path) -> str | None:
    """Return who holds a lock file, for people, or None where nobody does. It takes no lock for more than a moment."""
    try:
        descriptor = open_regular(path)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


def _identity() -> dict[str, str | int]:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "boot_id": boot, "since": now}


def _holder(descriptor: int) -> str:
    try:
        found = json.loads(os.pread(descriptor, 4096, 0))
        pid, host, since = (literal(str(found[key])) for key in ("pid", "host", "since"))
    except (OSError, ValueError, KeyError, TypeError):
        return "another process (just started)"
    return f"process {pid} on {host}, since {since}"
