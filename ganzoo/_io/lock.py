"""Lock: one owner per run, by a kernel lock that ends with its owner's process, or by a lease where there are none."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ganzoo._io.lease import leased
from ganzoo._io.lease_holder import Holder, newest_lease, seems_alive
from ganzoo._io.os_errors import shown, writing
from ganzoo._io.regular_file import open_regular
from ganzoo.errors import GanzooError, RefusedError
from ganzoo.text import literal

_VARIABLE = "GANZOO_LOCK"
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_held: set[int] = set()


def _drop_in_child() -> None:
    """A forked worker must not keep its parent's runs locked when the parent is killed."""
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_drop_in_child)


def _silent(text: str) -> None:
    pass


@contextmanager
def owned(path: Path, leases: Path, what: str, say: Callable[[str], None] = _silent) -> Iterator[None]:
    """Own a folder for the length of a `with` block.

    It is held by a kernel lock (`flock`), or by a lease where the file system has none, where it was leased before, or
    where the environment says `GANZOO_LOCK=lease`. Processes that hold one folder in two ways would not see each other.

    Args:
        path: The lock file in it; made if missing and never removed, since the lock is on the file itself.
        leases: The folder of leases in it; made where one is needed.
        what: What is owned, for the message to a second process: `the run runs/a-s0`.
        say: Takes a message where it has to be waited: whether a lease's owner lives is not known at once.

    Raises:
        RefusedError: Another process holds it, or the file system has neither locks nor hard links.
    """
    if _kind() == "lease" or newest_lease(leases).number:
        with leased(leases, what, _identity(), say):
            yield
        return
    with writing(path):
        descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        has_locks = _acquire(descriptor, path, what)
    except BaseException:
        os.close(descriptor)
        raise
    if has_locks:
        yield from _hold(descriptor, path)
        return
    os.close(descriptor)
    with leased(leases, what, _identity(), say):
        yield


def _kind() -> str:
    kind = os.environ.get(_VARIABLE, "") or "auto"
    if kind not in ("auto", "flock", "lease"):
        raise GanzooError(
            f"{_VARIABLE}={literal(kind)} is no way to lock runs: auto (flock, where there is none a lease), flock or "
            "lease."
        )
    return kind


def _hold(descriptor: int, path: Path) -> Iterator[None]:
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


def _acquire(descriptor: int, path: Path, what: str) -> bool:
    """Take the kernel lock; returns False where the file system has none."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RefusedError(
            f"{what} is held by {_holder(descriptor)}. Wait until it ends, or stop it; its lock goes with it."
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        if _kind() == "flock":
            raise RefusedError(
                f"{shown(path.parent)} is on a file system without locks (flock: {error.strerror}), and {_VARIABLE} is "
                f"flock. Unset it, so that runs are held by lease there, or keep runs on a local disk."
            ) from error
        return False
    return True


def holder_of(path: Path, leases: Path) -> str | None:
    """Return who holds a run, for people, or None where nobody does. It takes no lock for more than a moment.

    Args:
        path: The run's lock file.
        leases: Its folder of leases. Whether the owner by one lives is not known at once: a process of this machine
            that is gone does not, and neither does one that misses its beats over several calls.
    """
    lease = newest_lease(leases)
    if lease.number:
        return lease.text if seems_alive(lease) and not _is_gone(lease) else None
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


def _is_gone(lease: Holder) -> bool:
    here = _identity()
    on_this_machine = (lease.host, lease.boot_id) == (here["host"], here["boot_id"]) and lease.boot_id != ""
    return on_this_machine and not Path(f"/proc/{lease.pid}").exists()


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
