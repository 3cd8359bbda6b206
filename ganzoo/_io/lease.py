"""Lease: one owner per folder where the file system has no locks, by hard links, heartbeats and fencing.

A folder of leases holds a small file per ownership, named by its number, and a staging folder per owner that lives. The
file names the staging folder and who owns it; in the staging folder lies the heartbeat. A lease is free once its
staging folder is gone, whether its owner removed it or a process that saw no beat three times in a row.

Clocks of machines are never compared: a taker counts missed beats on its own monotonic clock.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ganzoo._io.atomic import make_folder, write_all, write_inside
from ganzoo._io.lease_holder import (
    BEAT,
    BEAT_S,
    LEASE,
    MISSED_BEATS,
    Holder,
    beat_of,
    lease_path,
    newest_lease,
    staging_folders,
)
from ganzoo._io.os_errors import shown, writing
from ganzoo._io.staging import Staging, begin_staging, end_staging
from ganzoo._io.temporaries import open_temporary, remove_fenced, remove_tree, sweep_temporaries
from ganzoo.errors import GanzooError, RefusedError
from ganzoo.text import literal

_VARIABLE = "GANZOO_LEASE_BEAT_S"
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


@contextmanager
def leased(folder: Path, what: str, identity: Mapping[str, str | int], say: Callable[[str], None]) -> Iterator[None]:
    """Own the parent of `folder` for the length of a `with` block; all that is written below it is staged.

    Args:
        folder: The folder of leases; made if missing. It stays, so that numbers never go down.
        what: What is owned, for messages.
        identity: Who the new owner is: `pid`, `host`, `boot_id`, `since`.
        say: Takes a message where it has to be waited for a sign of life.

    Raises:
        RefusedError: Another process holds it, or the file system has no hard links either.
    """
    beat_s = _beat_s()
    make_folder(folder)
    former = newest_lease(folder)
    if former.holds:
        _await_silence(folder, former, what, say)
    left = staging_folders(folder)
    token, process = secrets.token_hex(16), os.getpid()
    staging = folder / token
    make_folder(staging)
    try:
        _first_beat(staging, what)
        if former.staging is not None:
            remove_fenced(former.staging)  # before the number changes hands: now its owner can write nothing more
        number = _take(folder, former.number + 1, {**identity, "staging": token, "beat_s": beat_s}, what)
        _clean(folder, number, left)
        yield from _own(Staging(Path(os.path.abspath(folder.parent)), staging.absolute(), number, what), beat_s)
    finally:
        if os.getpid() == process:  # a forked child owns nothing that it could let go
            remove_fenced(staging)


def _own(owned: Staging, beat_s: float) -> Iterator[None]:
    ended = threading.Event()
    thread = threading.Thread(target=_beat, args=(owned, beat_s, ended), name="lease", daemon=True)
    thread.start()
    begin_staging(owned)
    try:
        yield
    finally:
        end_staging(owned)
        ended.set()
        with suppress(RuntimeError):  # in a forked child there is no such thread
            thread.join(beat_s)


def _first_beat(staging: Path, what: str) -> None:
    try:
        write_inside(staging, BEAT, _beat_bytes(0))
    except GanzooError:
        if staging.is_dir():
            raise
        raise _refusal(what, newest_lease(staging.parent)) from None  # its new owner cleared it away


def _beat(owned: Staging, beat_s: float, ended: threading.Event) -> None:
    count = 0
    while not ended.wait(beat_s):
        count += 1
        try:
            descriptor = os.open(owned.folder / BEAT, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                write_all(descriptor, _beat_bytes(count))  # in place, and as long each time: never seen half
            finally:
                os.close(descriptor)  # a network file system tells its server now
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ESTALE, errno.ENOTDIR):
                owned.lost = True
                return


def _beat_bytes(count: int) -> bytes:
    return b"%020d\n" % count


def _await_silence(folder: Path, holder: Holder, what: str, say: Callable[[str], None]) -> None:
    """Return once an owner let go or missed its beats. Raises RefusedError as soon as it gives a sign of life."""
    assert holder.staging is not None
    most = MISSED_BEATS * holder.beat_s
    say(f"{what} is leased to {holder.text}; waiting up to {most:.0f} s for a sign of life")
    first, missed, looked = beat_of(holder.staging), 0, time.monotonic()
    while missed < MISSED_BEATS and holder.staging.is_dir():
        time.sleep(min(holder.beat_s / 5, 1.0))
        if newest_lease(folder).number != holder.number or beat_of(holder.staging) not in (first, None):
            raise _refusal(what, newest_lease(folder))
        # One look counts for one missed beat however late it comes: this process may have been paused as well.
        if time.monotonic() - looked >= holder.beat_s:
            missed, looked = missed + 1, time.monotonic()


def _refusal(what: str, holder: Holder) -> RefusedError:
    return RefusedError(
        f"{what} is held by {holder.text}. Wait until it ends, or stop it; a lease whose owner is dead is free after "
        f"{MISSED_BEATS * holder.beat_s:.0f} s."
    )


def _take(folder: Path, number: int, content: Mapping[str, str | int | float], what: str) -> int:
    """Put the lease of this number in the folder, which one process alone can; return the number."""
    final = lease_path(folder, number)
    with writing(final):
        temporary, descriptor = open_temporary(final)
        try:
            write_all(descriptor, json.dumps(content).encode())
            os.fsync(descriptor)
            _link(temporary, final)
            # What link() answers may be lost on the way from a server; how many names the file has is the truth.
            mine = temporary.stat().st_nlink == 2
        finally:
            remove_tree(temporary)
            os.close(descriptor)
    # Who was paused before its link may find a number free that was used and cleared away meanwhile.
    newest = newest_lease(folder)
    if mine and newest.number == number:
        return number
    if mine:
        remove_tree(final)
    raise _refusal(what, newest)


def _link(temporary: Path, final: Path) -> None:
    try:
        os.link(temporary, final, follow_symlinks=False)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno in _NO_LINKS:
            raise RefusedError(
                f"{shown(final.parent.parent)} is on a file system with neither locks nor hard links "
                f"({error.strerror}), where two processes could damage one run. Keep runs on another disk."
            ) from error
        raise


def _clean(folder: Path, number: int, left: Sequence[Path]) -> None:
    """Remove what former owners left: their leases, and staging folders that were being removed.

    So are the staging folders `left`, which lay there before this number was taken: whoever made one had looked for the
    newest number earlier still, so that it was killed, or will be refused the same number or a lower one.
    """
    for path in left:
        remove_fenced(path)
    for name in os.listdir(folder):
        path = folder / name
        if LEASE.fullmatch(name) and int(name) < number:
            remove_tree(path)
        elif name.startswith(".") and path.is_dir():
            remove_fenced(path)
    sweep_temporaries(folder)


def _beat_s() -> float:
    given = os.environ.get(_VARIABLE, "") or str(BEAT_S)
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0.01 <= seconds <= 3600:
        raise GanzooError(f"{_VARIABLE}={literal(given)} is no time between heartbeats: give 0.01 to 3600 seconds.")
    return seconds
