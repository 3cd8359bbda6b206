"""Staging folders: where an owner by lease makes all that it writes, before it is renamed into place.

Whoever takes a run over removes the former owner's staging folder first. A rename out of a folder that is gone fails,
so an owner that was paused changes nothing when it wakes up, wherever between two instructions it was stopped; a check
before writing would leave a moment between the check and the write.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ganzoo.errors import TakenOverError


@dataclass(eq=False)
class Staging:
    """What this process owns by lease.

    Attributes:
        root: The folder that is owned, absolute.
        folder: Its staging folder, within `root`.
        number: The fencing number: each owner's is higher than that of all before it.
        what: What is owned, for messages.
        lost: Whether another process is known to have taken it over.
    """

    root: Path
    folder: Path
    number: int
    what: str
    lost: bool = False

    def taken_over(self) -> TakenOverError:
        """Return the error of an owner that was paused for so long that another process took over."""
        return TakenOverError(
            f"{self.what} was taken over by another process while this one gave no sign of life. It goes on there; "
            "nothing that this process did since is kept."
        )


_owned: list[Staging] = []


def _forget_in_child() -> None:
    """A forked worker owns nothing."""
    _owned.clear()


os.register_at_fork(after_in_child=_forget_in_child)


def begin_staging(staging: Staging) -> None:
    """From now on what is written below its root is made in its folder."""
    _owned.append(staging)


def end_staging(staging: Staging) -> None:
    """Undo `begin_staging`; in a forked child there is nothing to undo."""
    if staging in _owned:
        _owned.remove(staging)


def staging_of(path: Path) -> Staging | None:
    """Return the lease of this process that `path` lies under; None where there is none."""
    if not _owned:
        return None
    parents = Path(os.path.abspath(path)).parents
    return next((staging for staging in _owned if staging.root in parents), None)


def fencing_number(path: Path) -> int:
    """Return the fencing number of the lease that `path` lies under; 0 where a kernel lock is owner's proof."""
    staging = staging_of(path)
    return staging.number if staging else 0
