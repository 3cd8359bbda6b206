"""Manifest of a checkpoint: each of its files with size and SHA-256, in `MANIFEST.json`. Knows no torch."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from ganzoo._io.atomic import TEMPORARY_PREFIX, write_inside
from ganzoo._io.format_version import is_version, unknown_format
from ganzoo._io.os_errors import shown
from ganzoo._io.regular_file import read_regular
from ganzoo._runs.not_a_record import stated_format
from ganzoo._runs.signed_json import seal, unseal
from ganzoo.errors import RunError

FORMAT: Final = 3
MANIFEST = "MANIFEST.json"
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FOLDER_NAME = re.compile(r"\d{10,20}")


class FileEntry(BaseModel):
    """One file: its size in bytes and the SHA-256 of its content."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: NonNegativeInt
    sha256: str = Field(pattern="^[0-9a-f]{64}$")

    @classmethod
    def of(cls, data: bytes) -> FileEntry:
        """Describe a file that will hold `data`."""
        return cls(size=len(data), sha256=hashlib.sha256(data).hexdigest())


class Manifest(BaseModel):
    """The files of a checkpoint, when it was written (in real images shown to the discriminator), and by which owner.

    `fencing_number` is that of the owner's lease, 0 where a kernel lock was held.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[3] = FORMAT
    images_seen: NonNegativeInt
    fencing_number: NonNegativeInt = 0
    files: Mapping[str, FileEntry]
    versions: Mapping[str, str] = {}


def folder_name(images_seen: int) -> str:
    """Return the name of a checkpoint's folder: names sort as training goes."""
    return f"{images_seen:010d}"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a checkpoint's manifest, sealed with its own checksum, into its temporary folder."""
    write_inside(folder, MANIFEST, seal(manifest.model_dump(mode="json")))


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a checkpoint's folder.

    Raises:
        RunError: It is missing or damaged, or belongs to another folder, or has another format.
    """
    path = folder / MANIFEST
    body = unseal(read_bytes(path), path)
    try:
        manifest = Manifest.model_validate_json(body)
    except ValidationError as error:
        found = stated_format(body)
        if is_version(found) and found != FORMAT:
            raise RunError(f"{shown(path)} {unknown_format(found, FORMAT, 'train the run again')}") from error
        raise RunError(f"{shown(path)} is no manifest of a checkpoint: {error.errors()[0]['msg']}.") from error
    if folder.name != folder_name(manifest.images_seen):
        raise RunError(
            f"{shown(path)} is that of the checkpoint at {manifest.images_seen:,} images, not of this folder."
        )
    for name in manifest.files:
        if not FILE_NAME.fullmatch(name):
            raise RunError(f"{shown(path)} names a file that cannot be part of a checkpoint: {shown(name)}.")
    return manifest


def read_bytes(path: Path) -> bytes:
    """Return the content of a plain file: no link is followed, no pipe is waited for.

    Raises:
        RunError: It is missing, no plain file, or unreadable.
    """
    try:
        return read_regular(path)
    except OSError as error:
        raise RunError(f"{shown(path)} cannot be read: {error.strerror}.") from error


def read_files(folder: Path, manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """Yield each file's name and content, checked: what is yielded is what was hashed.

    Raises:
        RunError: A file is missing or damaged.
    """
    for name, entry in sorted(manifest.files.items()):
        data = read_bytes(folder / name)
        if len(data) != entry.size:
            raise RunError(f"{shown(folder / name)} is damaged: {len(data):,} bytes, not {entry.size:,}.")
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise RunError(f"{shown(folder / name)} is damaged: its content does not match its checksum.")
        yield name, data


def damage(folder: Path) -> list[str]:
    """Return all that is wrong with a checkpoint's folder, a sentence each; nothing if it is intact."""
    try:
        manifest = read_manifest(folder)
    except RunError as error:
        return [str(error)]
    problems = []
    for name, entry in sorted(manifest.files.items()):
        try:
            list(read_files(folder, manifest.model_copy(update={"files": {name: entry}})))
        except RunError as error:
            problems.append(str(error))
    for extra in sorted({path.name for path in folder.glob("*")} - set(manifest.files) - {MANIFEST}):
        problems.append(f"{shown(folder / extra)} is not part of the checkpoint.")
    return problems


def list_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, the newest (most images seen) first, whether intact or not."""
    if not folder.is_dir():
        return []
    names = [name for name in os.listdir(folder) if _FOLDER_NAME.fullmatch(name)]
    return [folder / name for name in sorted(names, key=int, reverse=True)]


def foreign_entries(folder: Path) -> list[Path]:
    """Return what lies in a folder of checkpoints and is none; temporaries of a running process are left out."""
    names = os.listdir(folder) if folder.is_dir() else []
    return [
        folder / name
        for name in sorted(names)
        if not _FOLDER_NAME.fullmatch(name) and not name.startswith(TEMPORARY_PREFIX)
    ]
