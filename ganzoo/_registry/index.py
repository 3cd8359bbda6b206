"""Index: what installed plugins offer, as plain data kept between processes, since importing them takes seconds.

It holds names, descriptions and keys of options, from which tables are printed and misspelled recipes answered. It is
used only where nothing it was made from has changed, and nothing of it is executed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any, Literal

from ganzoo._io.atomic import write_json
from ganzoo._io.cache_dir import cache_root
from ganzoo._registry.code import FILE_VERSION
from ganzoo._registry.fingerprint import fingerprint, stamps
from ganzoo._registry.lazy import LazyRegistry
from ganzoo._registry.listed_part import Listing, listing_of, part_of
from ganzoo._registry.part import Failure, PluginOrigin
from ganzoo._registry.plugin_files import parts_of_files, plugin_file_names
from ganzoo._registry.registry import Registry
from ganzoo.errors import GanzooError

_VERSION = 3
_MOST_BYTES = 16 * 2**20
Content = Literal["parts", "figures"]


def indexed(content: Content = "parts") -> Registry | None:
    """Return the parts or the figures of all plugins, not imported, or None where there is no index that still holds.

    Their classes are stand-ins that have names, descriptions and options' keys, and can do nothing. There is none
    beside plugin files, whose parts it does not know, or while a plugin is broken, which may have been mended since.
    """
    found = None if plugin_file_names() else _installed(content)
    return None if found is None or found.failures else found


def _installed(content: Content) -> Registry | None:
    try:
        path = _path(content)
        if path.stat().st_size > _MOST_BYTES:
            return None
        kept = json.loads(path.read_bytes())
        if kept["made_from"] != _made_from() or kept["elsewhere"] != stamps(each[0] for each in kept["elsewhere"]):
            return None
        parts = [part_of(Listing.model_validate(each)) for each in kept["parts"]]
        found = Registry(parts, _failures(kept["failures"]), _failures(kept["notes"]))
        found.knows_code = False
        return found
    except (OSError, ValueError, TypeError, KeyError, IndexError, RecursionError):  # none, or not one of ours
        return None


def keep_index(registry: Registry, content: Content = "parts") -> None:
    """Keep what was found, for `indexed` and `discovered`; nothing where it cannot be written."""
    made_from, before = _made_from(), _installed(content)
    if made_from is None or (before is not None and before.failures == registry.failures):
        return
    kept = [part for part in registry.parts() if part.origin.version != FILE_VERSION]
    with suppress(OSError, GanzooError, ValueError):
        elsewhere = stamps({path for part in kept for path in _written_in(part.cls)})
        listings = [listing_of(part).model_dump(mode="json") for part in kept]
        told = {"failures": _plain(registry.failures), "notes": _plain(registry.notes)}
        write_json(_path(content), {"made_from": made_from, "elsewhere": elsewhere, "parts": listings, **told})


def discovered() -> Registry:
    """Return the installed parts; where there is an index, each plugin is imported when a part of it is asked for.

    Without one every plugin is imported, and what they offer is kept for the next time.
    """
    known = _installed("parts")
    if known is not None:
        own = parts_of_files()
        return LazyRegistry(known, Registry(own.parts, notes=own.notes))
    registry = Registry.discover()
    keep_index(registry)
    return registry


def require_known(kind: str, name: str) -> None:
    """Raise PluginError, as the registry does, where the index says that there is no such part."""
    if known := indexed():
        known.part(kind, name)


def _plain(failures: Sequence[Failure]) -> list[list[str]]:
    return [[*astuple(each.origin), each.reason] for each in failures if each.origin.version != FILE_VERSION]


def _failures(plain: Sequence[Sequence[str]]) -> list[Failure]:
    return [Failure(PluginOrigin(*origin), reason) for *origin, reason in plain]


def _made_from() -> str | None:
    found = fingerprint()
    return None if found is None else hashlib.sha256(json.dumps([_VERSION, found]).encode()).hexdigest()


def _path(content: str) -> Path:
    """Return the file of this environment's index: several share a cache."""
    environment = hashlib.sha256(f"{sys.prefix}\n{sys.executable}".encode()).hexdigest()[:16]
    return cache_root() / "parts" / f"{content}-{environment}.json"


def _written_in(cls: type[Any]) -> Iterator[str]:
    """Yield the files of the classes that a part and its options inherit from, which may be of any package."""
    models = [cls, getattr(cls, "Options", cls)]
    for each in {base for model in models for base in model.__mro__}:
        if file := getattr(sys.modules.get(each.__module__), "__file__", None):
            yield str(file)
