"""Text without places: paths, users and hosts of the machines that runs were made on are no business of a reader."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

_PATH = re.compile(
    r"""(?<![\w./:])(?:~|[A-Za-z]:)?(?:[/\\](?:[^\s/\\'"<>:,;|()]+[/\\])+)(?P<name>[^\s/\\'"<>:,;|()]*)"""
    r"""|(?<![\w./:])(?:~/|/)(?P<only>[^\s/\\'"<>:,;|()]+)"""
)
_ADDRESS = re.compile(r"\b(?P<user>[A-Za-z0-9._-]+)@(?P<host>[A-Za-z0-9.-]+)\b")
_LEFT_OUT = "…/"
_SHORTEST = 3


def without_places(text: str) -> str:
    """Return a message with the last names of absolute paths alone, and without this machine's user and host."""
    text = _PATH.sub(lambda found: _LEFT_OUT + (found["name"] or found["only"] or ""), text)
    text = _ADDRESS.sub("…@…", text)
    for name in _here():
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "…", text)
    return text


def plain_without_places(data: Any) -> Any:
    """Return plain data with all of its texts so."""
    if isinstance(data, str):
        return without_places(data)
    if isinstance(data, Mapping):
        return {key: plain_without_places(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain_without_places(value) for value in data]
    return data


@cache
def _here() -> tuple[str, ...]:
    """Return names of this machine and of who uses it; a common word such as `root` or `localhost` names nobody."""
    names = set()
    with suppress(OSError, KeyError, ImportError):
        names.add(getpass.getuser())
    with suppress(OSError):
        names.add(socket.gethostname())
    return tuple(sorted(name for name in names if len(name) >= _SHORTEST and name not in _COMMON))


_COMMON = frozenset({"root", "user", "localhost", "admin", "runner", "ubuntu", "nobody"})
