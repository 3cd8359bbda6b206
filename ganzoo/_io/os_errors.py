"""Operating system errors as sentences for people."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganzoo._io.staging import staging_of
from ganzoo.errors import GanzooError, RunError
from ganzoo.text import literal

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_GONE = {errno.ENOENT, errno.ESTALE}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


def shown(path: Path | str) -> str:
    """Return a path for a message, with undecodable and control characters escaped."""
    return literal(os.fspath(path))


def absolute(path: Path) -> Path:
    """Return a path that means the same wherever a process stands; `~` is the user's own folder.

    Raises:
        GanzooError: It is relative to a working directory that was deleted, or to a user that there is not.
    """
    try:
        return Path(os.path.abspath(path.expanduser()))
    except FileNotFoundError:
        raise GanzooError(
            f"{shown(path)} is relative to the folder that this command was started in, which was deleted meanwhile; "
            f"change to another folder"
        ) from None
    except RuntimeError:
        raise GanzooError(f"{shown(path)}: there is no such user's folder") from None


def size_text(count: int) -> str:
    """Return a number of bytes for people: `1.5 MB`."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


@contextmanager
def writing(path: Path, need: int | None = None) -> Iterator[None]:
    """Turn what the system says while `path` is written (`need` bytes) into a message that helps.

    Raises:
        RunError: The disk is full, or the system failed in another way.
        GanzooError: The folder is read-only or not ours.
        TakenOverError: Another process has taken over the lease that it lies under.
    """
    try:
        yield
    except OSError as error:
        raise _explained(error, path, need) from error


def _explained(error: OSError, path: Path, need: int | None) -> GanzooError:
    reason = error.strerror or type(error).__name__
    if error.errno in _GONE and (staging := staging_of(path)) and not staging.folder.exists():
        return staging.taken_over()
    if error.errno in _NO_SPACE:
        free = f"have {size_text(_free_bytes(path))}"
        wanted = f"need {size_text(need)}, {free}" if need is not None else free
        return RunError(f"disk full: writing {shown(path)}: {wanted}. Make room and start again; nothing was lost.")
    if error.errno == errno.EFBIG:
        return RunError(f"cannot write {shown(path)}: larger than this process may write (see `ulimit -f`).")
    if error.errno in _NOT_ALLOWED:
        return GanzooError(f"cannot write {shown(path)}: {reason}. Choose a folder that you may write to.")
    if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EISDIR, errno.ELOOP):
        return GanzooError(f"cannot write {shown(path)}: {reason}. Choose another path.")
    return RunError(f"cannot write {shown(path)}: {reason}.")


def _free_bytes(path: Path) -> int:
    folder = path
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def require_space(folder: Path, need: int) -> None:
    """Raise RunError unless `need` bytes are free where `folder` is (or will be)."""
    have = _free_bytes(folder)
    if have < need:
        raise RunError(f"disk full: {shown(folder)}: need {size_text(need)}, have {size_text(have)}. Make room first.")
