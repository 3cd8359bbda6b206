"""Commit of the repository around a folder, read from its files: no program runs, nor anything its config names.

`git status` would run what `core.fsmonitor` and filters say, and a `.git/config` may have come with a download.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ganzoo._io.regular_file import read_regular

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REFERENCE = re.compile(r"refs/[^\x00-\x20\x7f~^:?*\[\\]+")
_MOST_LINKS = 5  # of symbolic references, as in git
_LARGEST_FILE = 2**26  # packed-refs of a very large repository


def commit_around(folder: Path) -> str | None:
    """Return the commit that is checked out around `folder`, 40 or 64 hex digits; None where there is none.

    Worktrees, submodules, detached heads and packed references are read. Where references are kept in another way
    (`reftable`), the commit is not known.
    """
    repository = _repository(folder)
    if repository is None:
        return None
    found = _text(repository / "HEAD")
    for _ in range(_MOST_LINKS):
        if _HASH.fullmatch(found):
            return found
        name = found.removeprefix("ref:").strip()
        if name == found or not _REFERENCE.fullmatch(name) or ".." in name.split("/"):
            return None
        found = next(_values(repository, name), "")
    return None


def _repository(folder: Path) -> Path | None:
    """Return the folder that holds `HEAD`, of the nearest repository around `folder`."""
    for parent in (folder, *folder.parents):
        marker = parent / ".git"
        if marker.is_dir():
            return marker
        if pointed := _text(marker).removeprefix("gitdir:").strip():  # of a worktree, or of a submodule
            return parent / pointed
    return None


def _values(repository: Path, name: str) -> Iterator[str]:
    """Yield what a reference says, of the worktree's own first; a loose one goes before a packed one."""
    shared = _text(repository / "commondir")
    for home in (repository, *([repository / shared] if shared else [])):
        if loose := _text(home / name):
            yield loose
        for line in _text(home / "packed-refs").splitlines():
            value, _, packed = line.partition(" ")
            if packed == name:
                yield value


def _text(path: Path) -> str:
    """Return a file's text, or nothing where there is no such file."""
    try:
        return os.fsdecode(read_regular(path, _LARGEST_FILE, follow=True)).strip()
    except (OSError, ValueError):
        return ""
