"""Removal of runs: wholly or not at all, never through a link, never one that somebody is at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ganzoo._io.atomic import remove_tree
from ganzoo._io.lock import owned
from ganzoo._io.os_errors import shown
from ganzoo._runs.directory import RunDirectory
from ganzoo.errors import GanzooError, RefusedError


def check_removable(path: Path) -> RunDirectory:
    """Return the run at `path` if it may be removed, as far as one sees without its lock.

    Raises:
        GanzooError: There is no run there.
        RefusedError: It is a link, or what guards the run is one.
    """
    if path.is_symlink():
        raise RefusedError(f"{shown(path)} is a link, and links are not followed: name the run's own folder.")
    run = RunDirectory.at(path)
    for guard in (run.lock_file, run.leases):
        if guard.is_symlink():
            raise RefusedError(f"{shown(guard)} is a link, where a run has its lock: look at what it is first.")
    return run


def remove_run(path: Path, say: Callable[[str], None]) -> None:
    """Remove a run. Its folder loses its name first, so that no half of a run is ever seen under it.

    Args:
        path: Its folder; links in it are removed, not followed.
        say: Takes a message where it has to be waited for a sign of life of the run's owner.

    Raises:
        GanzooError: There is no run, or it may not be written to.
        RefusedError: It is a link, or another process holds it.
    """
    run = check_removable(path)
    resolved = path.resolve()  # `.` has no name that could be taken away
    if Path.cwd().is_relative_to(resolved):
        raise GanzooError(f"{shown(path)} is, or holds, the folder that this command was started in; leave it first.")
    with owned(run.lock_file, run.leases, f"the run {shown(path)}", say):
        remove_tree(resolved)
