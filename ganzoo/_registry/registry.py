"""Registry: parts by kind and name, found by entry points; a broken plugin is reported, and never blocks others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from copy import copy
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import Any

from ganzoo import hookspecs
from ganzoo._registry.code import CORE_DISTRIBUTION
from ganzoo._registry.installed import entry_points_of
from ganzoo._registry.kinds import HOOK_KINDS
from ganzoo._registry.loading import Loaded, load_plugin
from ganzoo._registry.part import Failure, Part, PluginOrigin, ambiguity, origin_of
from ganzoo._registry.pinned import Pins, the_very_part
from ganzoo._registry.plugin_files import parts_of_files
from ganzoo.errors import PluginError
from ganzoo.text import names_meant

_MOST_TOLD = 2  # broken plugins, in a message on something else


class Registry:
    """The parts of all installed plugins.

    Attributes:
        notes: What is no failure and should be known of a plugin: a slow import, a hook that is not known here.
        knows_code: Whether the parts are themselves, and not what the index says of them.
    """

    def __init__(
        self, parts: Iterable[Part] = (), failures: Iterable[Failure] = (), notes: Iterable[Failure] = ()
    ) -> None:
        self._parts = tuple(parts)
        self._pins: Pins = {}
        self.knows_code = True
        self._failures = tuple(failures)
        self.notes = tuple(notes)

    @classmethod
    def discover(cls, only: Collection[PluginOrigin] | None = None) -> Registry:
        """Load every plugin of this environment and each plugin file, or only some of the plugins."""
        found = Loaded()
        for entry_point in plugin_entry_points():
            if only is None or origin_of(entry_point) in only:
                found += load_plugin(entry_point)
        if only is None:
            found.notes += _shared_names(found.parts)
            found += parts_of_files()
        return cls(found.parts, found.failures, found.notes)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What cannot be used of the plugins."""
        return self._failures

    def pinned(self, pins: Pins) -> Registry:
        """Return the same parts, of which those that a resolved recipe names are found by whose they are."""
        found = copy(self)
        found._pins = pins
        return found

    def parts(self, kind: str | None = None) -> tuple[Part, ...]:
        """Return all parts, or those of one kind, sorted by kind and name."""
        chosen = [part for part in self._parts if kind in (None, part.kind)]
        return tuple(sorted(chosen, key=lambda part: (part.kind, part.name, part.origin.distribution)))

    @property
    def names(self) -> dict[str, list[str]]:
        """Names by kind, for messages."""
        return {kind: sorted({part.name for part in self.parts(kind)}) for kind in HOOK_KINDS.values()}

    def defaults(self, kind: str) -> tuple[Part, ...]:
        """Return the parts of a kind that recipes get which name none, in their order: those with a `default_place`."""
        placed = [part for part in self.parts(kind) if getattr(part.cls, "default_place", None) is not None]
        return tuple(sorted(placed, key=lambda part: part.cls.default_place))

    def find(self, name: str) -> tuple[Part, ...]:
        """Return the parts of any kind with this name or `distribution:name`."""
        return named_so(self.parts(), name)

    def name_of(self, part: Part) -> str:
        """Return what a recipe calls a part: with its distribution where others of its kind have its name."""
        return part.name if len(self._offered(part.kind, part.name)) == 1 else part.qualified_name

    def _offered(self, kind: str, name: str) -> list[Part]:
        return [part for part in self.find(name) if part.kind == kind]

    def part(self, kind: str, name: str) -> Part:
        """Return the one part of this kind and name.

        Raises:
            PluginError: No plugin offers it, or two do.
            ChangedCodeError: A resolved recipe pins it, and it is not installed as it was.
        """
        found = self._offered(kind, name)
        if (pin := self._pins.get(kind, {}).get(name)) is not None:
            return the_very_part(kind, name, found, pin, knows_code=self.knows_code, suspicion=self.suspicion())
        if len(found) == 1:
            return found[0]
        if found:
            raise PluginError(ambiguity(kind, name, [part.origin for part in found]))
        raise PluginError(self._missing(kind, name))

    @cached_property
    def source_formats(self) -> dict[str, type[Any]]:
        """Source formats by `distribution:name`, as datasets are given them."""
        return {part.qualified_name: part.cls for part in self.parts("source")}

    def _missing(self, kind: str, name: str) -> str:
        known = self.names[kind]
        text = f"no {kind} called '{name}'"
        text += names_meant(name.rpartition(":")[2], known)
        text += f" (installed: {', '.join(known) or 'none'})"
        other = dict.fromkeys(part.kind for part in self.find(name))
        if other:
            text += f"; '{name}' is the name of a {' and a '.join(other)}"
        return text + self.suspicion()

    def suspicion(self) -> str:
        """Return what to add where a name is not found: it may be that of a part in a broken plugin."""
        if len(self.failures) > _MOST_TOLD:
            names = ", ".join(dict.fromkeys(str(failure.origin) for failure in self.failures))
            return f"; installed but broken, as `ganzoo plugins` explains: {names}"
        return "".join(f"; installed but broken: {failure}" for failure in self.failures)


def _shared_names(parts: Iterable[Part]) -> Iterator[Failure]:
    """Note of each part of others, whose name a part of its kind has too, what recipes must write now."""
    named: dict[tuple[str, str], list[PluginOrigin]] = defaultdict(list)
    for part in parts:
        named[part.kind, part.name].append(part.origin)
    for (kind, name), origins in sorted(named.items()):
        if len(origins) > 1:
            told = f"shares a name: {ambiguity(kind, name, sorted(origins, key=str))}"
            yield from (
                Failure(each, told) for each in dict.fromkeys(origins) if each.distribution != CORE_DISTRIBUTION
            )


def named_so(parts: Iterable[Part], name: str) -> tuple[Part, ...]:
    """Return the parts with this name or `distribution:name`."""
    own_name = name.rpartition(":")[2]
    return tuple(part for part in parts if part.name == own_name and part.origin.is_meant_by(name))


def plugin_entry_points() -> Sequence[EntryPoint]:
    """Return the entry points of the group, sorted, without loading any."""
    return entry_points_of(hookspecs.ENTRY_POINT_GROUP)
