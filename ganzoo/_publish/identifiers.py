"""Identifiers: paths, hosts, users and patients that must not stand in a file that is passed on. Knows no torch."""

from __future__ import annotations

import base64
import binascii
import io
import os
import pwd
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ganzoo._io.regular_file import read_regular

_TOP = (
    "home|Users|root|mnt|media|scratch|work|tmp|var|opt|srv|data|private|Volumes|net|nfs|gpfs|lustre|export|storage|"
    "projects?"
)
# Each begins with a literal, so that files of weights are searched fast; what stands before it is judged after.
_PATHS = (
    (re.compile(rb"/(?:" + _TOP.encode() + rb")/[\w.@+-]+"), re.compile(rb"[^\w.:/~-]|\A", re.DOTALL)),
    (re.compile(rb":\\{1,2}[\w .-]{3,64}\\"), re.compile(rb"[A-Za-z]", re.DOTALL)),
    (re.compile(rb"file:///?[\w~]"), re.compile(rb".|\A", re.DOTALL)),
)
_DATA_URI = re.compile(rb"data:[\w.+/-]+;base64,([A-Za-z0-9+/=]{64,})")
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[_.-][A-Za-z0-9]+)*")
_TEXT_IN_BINARY = re.compile(rb"[\x20-\x7e]{6,}")
_MOST_PIECES = 6  # of a token such as OAS1_0001_MR1_slice_12
_SHOWN = 5
# Accounts and hosts that thousands of machines have tell nobody apart.
_ORDINARY = frozenset(
    {"root", "user", "users", "admin", "ubuntu", "debian", "docker", "jovyan", "ganzoo", "nobody", "localhost"}
)


@dataclass(frozen=True)
class Secrets:
    """What must not be told.

    Attributes:
        paths: Folders of this machine, as text.
        names: Its host and users, each with what it is.
        patients: Subjects, and names of their files, as the source has them.
    """

    paths: frozenset[str] = frozenset()
    names: tuple[tuple[str, str], ...] = ()
    patients: frozenset[str] = frozenset()


def secrets_here(paths: Iterable[Path] = (), patients: Iterable[str] = ()) -> Secrets:
    """Return what tells this machine, its user, and patients.

    Args:
        paths: Folders that the work was done in.
        patients: Subjects and names of their files; those too short to be told from any number are left out.
    """
    host, users = socket.gethostname(), {os.environ.get("USER", ""), os.environ.get("LOGNAME", "")}
    with suppress(KeyError):
        users.add(pwd.getpwuid(os.getuid()).pw_name)
    names = [*(("the host", name) for name in (host, host.partition(".")[0])), *(("the user", name) for name in users)]
    found = dict.fromkeys((kind, name) for kind, name in names if len(name) > 2 and name.lower() not in _ORDINARY)
    folders = {str(path.absolute()) for path in (*paths, Path.home(), Path.cwd())}
    return Secrets(frozenset(each for each in folders if each.count("/") > 1), tuple(found), distinctive(patients))


def distinctive(patients: Iterable[str]) -> frozenset[str]:
    """Return those identifiers that can be told from any other word or number."""
    return frozenset(each for each in patients if len(each) >= 5 and any(map(str.isdigit, each)))


def identifiers_in(folder: Path, secrets: Secrets) -> list[str]:
    """Return what the files of a folder tell of machine, user and patients, a sentence each.

    Every file is looked at: text, the strings in binary ones, what pictures say of themselves, and data inside pages.
    """
    found: list[str] = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder)
        data = read_regular(path)
        told = dict.fromkeys(_told(str(name).encode(), secrets))
        for part in _parts(data):
            told |= dict.fromkeys(_told(part, secrets))
        found += [f"{name} holds {what}." for what in list(told)[:_SHOWN]]
    return found


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield a file's content, and what it holds in other codings."""
    yield data
    for match in _DATA_URI.finditer(data):
        with suppress(binascii.Error):
            inner = base64.b64decode(match[1])
            yield inner
            yield from _said_by_picture(inner)
    yield from _said_by_picture(data)


def _said_by_picture(data: bytes) -> Iterator[bytes]:
    """Yield what a picture says of itself, which may be packed."""
    if not data.startswith((b"\x89PNG", b"RIFF", b"\xff\xd8", b"GIF8")):
        return
    with (
        suppress(OSError, ValueError, SyntaxError, Image.DecompressionBombError),
        Image.open(io.BytesIO(data)) as image,
    ):
        for key, value in image.info.items():
            yield f"{key} {value}".encode() if isinstance(value, str | int | float) else bytes(repr(value), "utf-8")


def _told(data: bytes, secrets: Secrets) -> Iterator[str]:
    yield from _paths_in(data)
    for path in secrets.paths:
        if path.encode() in data:
            yield f"a path of this machine: {path}"
    text, is_text = _readable(data)
    for kind, name in secrets.names:
        if _names(text, name, is_text):
            yield f"the name of {kind}: {name}"
    if secrets.patients:
        for token in sorted(_tokens(text) & secrets.patients):
            yield f"what may tell a patient: {token}"


def _paths_in(data: bytes) -> Iterator[str]:
    for form, before in _PATHS:
        for match in form.finditer(data):
            if before.fullmatch(data[max(0, match.start() - 1) : match.start()]):
                yield f"a path of a machine: {_text(match[0])}"


def _text(data: bytes) -> str:
    return data[:120].decode("utf-8", "backslashreplace")


def _readable(data: bytes) -> tuple[str, bool]:
    """Return text as it is, and of binary data the strings in it."""
    try:
        return data.decode("utf-8"), True
    except UnicodeDecodeError:
        return "\n".join(match.decode("ascii") for match in _TEXT_IN_BINARY.findall(data)), False


def _names(text: str, name: str, is_text: bool) -> bool:
    """Whether text tells a host or user; a short plain name, which may be a word, only where paths and hosts stand."""
    word = re.escape(name)
    if len(name) >= 6 or any(map(str.isdigit, name)):
        return (is_text or len(name) >= 6) and bool(re.search(rf"(?i)(?<![A-Za-z0-9]){word}(?![A-Za-z0-9])", text))
    return bool(re.search(rf"(?i)[/\\@~]{word}(?![A-Za-z0-9])|(?<![A-Za-z0-9]){word}[@\\]", text))


def _tokens(text: str) -> set[str]:
    """Return words with all runs of their pieces, so that OAS1_0001 is found in OAS1_0001_MR1."""
    found: set[str] = set()
    for token in set(_TOKEN.findall(text)):
        cuts = [match.start() for match in re.finditer(r"[_.-]", token)]
        starts, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, len(token)]
        for first, start in enumerate(starts[:200]):
            found.update(token[start:end] for end in ends[first : first + _MOST_PIECES])
    return found
