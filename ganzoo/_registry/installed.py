"""Installed: the entry points that the environment's distributions offer, read once while it stays as it is."""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points

Stamp = tuple[tuple[str, int], ...]


def entry_points_of(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group, sorted by name, value and distribution, without loading any."""
    return _read(group, _stamp())


def _stamp() -> Stamp:
    # Installing and removing changes a folder of the path: importlib too reads its names anew only then.
    return tuple((path, _changed(path or ".")) for path in sys.path)


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:  # entries of the path that are not there are usual
        return 0


@lru_cache(maxsize=8)
def _read(group: str, stamp: Stamp) -> tuple[EntryPoint, ...]:
    found = {(each.name, each.value, name_and_version(each.dist)[0]): each for each in entry_points(group=group)}
    return tuple(found[key] for key in sorted(found))


@lru_cache(maxsize=64)
def name_and_version(dist: Distribution | None) -> tuple[str, str]:
    """Return a distribution's name and version; `unknown` where its metadata are damaged."""
    # importlib parses the whole file, description and all, whenever it is asked for a field; all entry points of a
    # distribution share one `dist`. A damaged installation may have lost the fields, whatever their types say.
    if dist is None:
        return "unknown", "unknown"
    metadata = dist.metadata
    return str(metadata["Name"] or "unknown"), str(metadata["Version"] or "unknown")


def twice_installed() -> set[str]:
    """Return the distributions with plugins that one folder holds two of, as a stopped pip leaves them.

    Those of two folders are layers, as of a virtual environment over another: the first on the path counts.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for dist in distributions():
        if any(point.group.partition(".")[0] == "ganzoo" for point in dist.entry_points):
            name, version = name_and_version(dist)
            found.setdefault((canonical(name), str(dist.locate_file(""))), set()).add(version)
    return {name for (name, _), versions in found.items() if len(versions) > 1}


def canonical(distribution: str) -> str:
    """Return a distribution's name as installers compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
