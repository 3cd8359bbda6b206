"""Lazy registry: all installed parts known by the index, and only those plugins imported whose parts are asked for.

So a recipe costs the import of what it names, however many plugins are installed.
"""

from __future__ import annotations

from collections.abc import Iterable

from ganzoo._registry.part import Failure, Part, PluginOrigin
from ganzoo._registry.registry import Registry, named_so


class LazyRegistry(Registry):
    """The parts of all installed plugins, each plugin imported when one of its parts is first asked for."""

    def __init__(self, known: Registry, own: Registry) -> None:
        """Make a registry of parts that are known and not imported, and of others that are there.

        Args:
            known: Stand-ins, from the index.
            own: Parts of plugin files.
        """
        super().__init__((), (), (*known.notes, *own.notes))
        self._known = Registry([*known.parts(), *own.parts()], known.failures)
        self._loaded: dict[PluginOrigin, Registry] = {
            origin: Registry(part for part in own.parts() if part.origin == origin)
            for origin in {part.origin for part in own.parts()}
        }

    def parts(self, kind: str | None = None) -> tuple[Part, ...]:
        """Return all parts, or those of one kind; all plugins that have such are imported."""
        self._load(part.origin for part in self._known.parts(kind))
        if kind is None:
            self._retry()
        return Registry(part for each in self._loaded.values() for part in each.parts(kind)).parts()

    @property
    def names(self) -> dict[str, list[str]]:
        """Names by kind, for messages."""
        return self._known.names

    def defaults(self, kind: str) -> tuple[Part, ...]:
        """Return the parts of a kind that recipes get which name none, in their order."""
        placed = self._known.defaults(kind)
        return tuple(part for stand_in in placed for part in self._offered(kind, stand_in.qualified_name))

    def find(self, name: str) -> tuple[Part, ...]:
        """Return the parts of any kind with this name or `distribution:name`."""
        self._load(part.origin for part in self._known.find(name))
        return self._found(name) or self._retry() or self._found(name)

    def _found(self, name: str) -> tuple[Part, ...]:
        return named_so((part for each in self._loaded.values() for part in each.parts()), name)

    def _offered(self, kind: str, name: str) -> list[Part]:
        self._load(part.origin for part in self._known.find(name) if part.kind == kind)
        found = [part for part in self._found(name) if part.kind == kind]
        return found or [part for part in self.find(name) if part.kind == kind]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What cannot be used of the plugins: as it is, of those that were imported, and as it was, of the others."""
        known = [failure for failure in self._known.failures if failure.origin not in self._loaded]
        return (*known, *(failure for each in self._loaded.values() for failure in each.failures))

    def _retry(self) -> tuple[Part, ...]:
        """Import the plugins that were broken: what ails them may be no file of theirs, and be mended."""
        self._load(failure.origin for failure in self._known.failures)
        return ()

    def _load(self, origins: Iterable[PluginOrigin]) -> None:
        missing = set(origins) - self._loaded.keys()
        for origin in sorted(missing, key=str):
            self._loaded[origin] = Registry.discover({origin})
