"""Installed plugins as a fingerprint: equal ones mean that each plugin would offer what it offered before.

Nothing is imported: entry points are metadata, and files are looked at, not opened.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganzoo import hookspecs
from ganzoo._registry.figures import FIGURE_GROUP
from ganzoo._registry.installed import entry_points_of
from ganzoo._registry.part import origin_of

_CODE = (".py", ".so", ".pyd")
_MOST_FILES = 20_000


def fingerprint() -> list[Any] | None:
    """Return what decides which parts there are, as plain data, or None where that cannot be told without importing.

    It holds the interpreter, entry points with distributions and versions, name, time and size of each code file of
    their packages and of ganzoo, and the time of each folder that distributions are installed in: what a plugin offers
    may depend on which libraries there are. Editable installations are found where their code lies.
    """
    points = sorted(
        (group, point.name, point.value, origin_of(point).distribution, origin_of(point).version)
        for group in (hookspecs.ENTRY_POINT_GROUP, FIGURE_GROUP)
        for point in entry_points_of(group)
    )
    packages = sorted({"ganzoo", *(value.partition(":")[0].partition(".")[0] for _, _, value, _, _ in points)})
    files = list[list[Any]]()
    try:
        for package in packages:
            files += stamps(_files_of(package))
            if len(files) > _MOST_FILES:
                return None
    except (ImportError, ValueError, OSError, AttributeError):  # a package that is not there, or built in memory
        return None
    return [sys.version, [list(point) for point in points], files, list(_library_folders())]


def stamps(paths: Iterable[str]) -> list[list[Any]]:
    """Return path, time of change in nanoseconds and size in bytes of files. Raises OSError where one is gone."""
    found = []
    for path in sorted(paths):
        status = os.stat(path)
        found.append([path, status.st_mtime_ns, status.st_size])
    return found


def _files_of(package: str) -> Iterator[str]:
    """Yield the code files of a package at the top, which finding does not import."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ImportError(package)
    if spec.submodule_search_locations is None:
        if not spec.origin or not Path(spec.origin).is_file():
            raise ImportError(package)
        yield spec.origin
    for top in spec.submodule_search_locations or ():
        for folder, inner, names in os.walk(top):
            inner[:] = [name for name in inner if name != "__pycache__"]
            yield from (os.path.join(folder, name) for name in names if name.endswith(_CODE))


def _library_folders() -> Iterator[list[Any]]:
    """Yield the folders that distributions are installed in; the one that a process stands in is none."""
    for folder in sys.path:
        with suppress(OSError):  # a zip, or a folder that is not there
            if any(name.endswith((".dist-info", ".egg-info")) for name in os.listdir(folder or ".")):
                yield [folder, os.stat(folder or ".").st_mtime_ns]
