"""Importable file: what can be said of a file and of the new run's place before torch is imported."""

from __future__ import annotations

import os
from pathlib import Path

from ganzoo._io.file_kind import START_BYTES, kind_of
from ganzoo._io.os_errors import shown
from ganzoo._runs.directory import RunDirectory, check_name
from ganzoo.errors import CheckpointError, RefusedError


def require_importable(path: Path, out: Path) -> None:
    """Judge a file by its place and its first bytes, and the place of the new run.

    Raises:
        RefusedError: `path` is a run already, or there is something at `out`.
        CheckpointError: There is no file, or it is none of weights: a pointer, a page, an archive.
        GanzooError: `out` cannot name a run.
    """
    check_name(out.resolve().name, remedy="Give the new run's folder another name with --out.")
    if RunDirectory(path).record.is_file():
        raise RefusedError(f"{shown(path)} is a run already: look at its images with `ganzoo sample {shown(path)}`")
    if os.path.lexists(out):
        raise RefusedError(f"{shown(out)} exists already and is not replaced; import into another folder")
    if reason := _unreadable(path):
        raise CheckpointError(f"{shown(path)} cannot be read as a checkpoint: {reason}")


def _unreadable(path: Path) -> str | None:
    try:
        if not path.is_file():
            what = "it is a folder: give a file inside it" if path.is_dir() else "it is not a file"
            return what if path.exists() else "there is no such file"
        with path.open("rb") as file:
            start = file.read(START_BYTES)
    except OSError as error:
        return str(error.strerror or "it cannot be opened")
    kind = kind_of(start)
    return f"it is {kind}" if kind else None if start else "it is empty"
