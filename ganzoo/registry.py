"""Finds plugins by their entry points and looks parts up by kind and name.

Each entry point is loaded on its own: one that is broken is reported, never in the way of the others.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from ganzoo import hookspecs
from ganzoo.errors import PluginError

HOOK_KINDS = {
    "ganzoo_generators": "generator",
    "ganzoo_discriminators": "discriminator",
    "ganzoo_losses": "loss",
    "ganzoo_regularizers": "regularizer",
    "ganzoo_datasets": "dataset",
    "ganzoo_extractors": "extractor",
}
RESERVED_OPTIONS = frozenset({"name", "override"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Source:
    """Where a part comes from: entry point, distribution, version."""

    plugin: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"plugin '{self.plugin}' ({self.distribution} {self.version})"


@dataclass(frozen=True)
class Part:
    """A class that a recipe can name, and where it comes from."""

    kind: str
    name: str
    cls: type[Any]
    source: Source

    @property
    def qualified_name(self) -> str:
        """`distribution:name`, which picks this part where two have one name."""
        return f"{self.source.distribution}:{self.name}"

    @property
    def description(self) -> str:
        """First line of the class's docstring."""
        lines = (inspect.getdoc(self.cls) or "").splitlines()
        return lines[0] if lines else ""

    @property
    def paper(self) -> str:
        """What follows `Paper:` in the class's docstring, or nothing."""
        found = re.search(r"^Paper:\s*(.+(?:\n(?!\s*$).+)*)", inspect.getdoc(self.cls) or "", re.MULTILINE)
        return " ".join(found.group(1).split()) if found else ""


@dataclass(frozen=True)
class Failure:
    """A plugin, or one part of it, that cannot be used."""

    source: Source
    reason: str

    def __str__(self) -> str:
        return f"{self.source} {self.reason}"


class Registry:
    """The parts of all installed plugins."""

    def __init__(self, parts: Iterable[Part] = (), failures: Iterable[Failure] = ()) -> None:
        self._parts = tuple(parts)
        self.failures = tuple(failures)

    @classmethod
    def discover(cls) -> Registry:
        """Load every plugin of this environment."""
        parts: list[Part] = []
        failures: list[Failure] = []
        for entry_point in plugin_entry_points():
            found, failed = _load(entry_point)
            parts += found
            failures += failed
        return cls(parts, failures)

    def parts(self, kind: str | None = None) -> tuple[Part, ...]:
        """Return all parts, or those of one kind, sorted by kind and name."""
        chosen = [part for part in self._parts if kind in (None, part.kind)]
        return tuple(sorted(chosen, key=lambda part: (part.kind, part.name, part.source.distribution)))

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """Names by kind, for messages."""
        return {kind: sorted({part.name for part in self.parts(kind)}) for kind in HOOK_KINDS.values()}

    def find(self, name: str) -> tuple[Part, ...]:
        """Return the parts of any kind with this name or `distribution:name`."""
        return tuple(part for part in self.parts() if name in (part.name, part.qualified_name))

    def part(self, kind: str, name: str) -> Part:
        """Return the one part of this kind and name.

        Raises:
            PluginError: Nobody offers it, or two do.
        """
        found = [part for part in self.parts(kind) if name in (part.name, part.qualified_name)]
        if len(found) == 1:
            return found[0]
        if found:
            origins = " and ".join(str(part.source) for part in found)
            names = " or ".join(f"'{part.qualified_name}'" for part in found)
            raise PluginError(f"{kind} '{name}' comes from {origins}; write {names} to pick one")
        raise PluginError(self._missing(kind, name))

    def _missing(self, kind: str, name: str) -> str:
        known = self.names[kind]
        text = f"no {kind} called '{name}'"
        near = difflib.get_close_matches(name, known, n=1)
        if near:
            text += f"; did you mean '{near[0]}'?"
        text += f" (installed: {', '.join(known) or 'none'})"
        other = [part.kind for part in self.find(name)]
        if other:
            text += f"; '{name}' is the name of a {' and a '.join(other)}"
        for failure in self.failures:
            text += f"; it may belong to {failure}"
        return text


def plugin_entry_points() -> Sequence[EntryPoint]:
    """Return the entry points of the group, sorted, without loading any."""
    found = {
        (ep.name, ep.value, _source(ep).distribution): ep for ep in entry_points(group=hookspecs.ENTRY_POINT_GROUP)
    }
    return [found[key] for key in sorted(found)]


def source_of(entry_point: EntryPoint) -> Source:
    """Return who offers an entry point."""
    return _source(entry_point)


def _source(entry_point: EntryPoint) -> Source:
    dist = entry_point.dist
    if dist is None:
        return Source(entry_point.name, entry_point.value.split(".")[0], "unknown")
    return Source(entry_point.name, dist.name, dist.version)


def _load(entry_point: EntryPoint) -> tuple[list[Part], list[Failure]]:
    source = _source(entry_point)
    try:
        module = entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: one plugin must not end the others' work
        reason = f"does not load: {_describe(error)}; mend or reinstall '{source.distribution}', or remove it"
        return [], [Failure(source, reason)]
    manager = pluggy.PluginManager("ganzoo")
    manager.add_hookspecs(hookspecs)
    failures = []
    try:
        manager.register(module, name=entry_point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        advice = f"the hooks are {', '.join(HOOK_KINDS)}"
        failures.append(Failure(source, f"misses the hook specification: {_describe(error)}; {advice}"))
    parts: list[Part] = []
    for hook, kind in HOOK_KINDS.items():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            found, failed = _ask(source, hook, kind, implementation.function)
            parts += found
            failures += failed
    return parts, failures


def _ask(source: Source, hook: str, kind: str, function: Any) -> tuple[list[Part], list[Failure]]:
    try:
        offered = list(function())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # as above
        return [], [Failure(source, f"fails in hook {hook}: {_describe(error)}")]
    parts, failures = [], []
    for cls in offered:
        if reason := _unfit_class(cls, kind):
            failures.append(Failure(source, f"offers {_show(cls)} in hook {hook}, {reason}"))
        else:
            parts.append(Part(kind, cls.name, cls, source))
    return parts, failures


def _unfit_class(cls: Any, kind: str) -> str | None:
    from ganzoo.contracts import PART_KINDS, ComponentOptions  # torch: only once there are parts to judge

    expected = PART_KINDS[kind]
    if not (inspect.isclass(cls) and issubclass(cls, expected)):
        return f"which is not a subclass of ganzoo.{expected.__name__}; hooks return classes, not instances"
    if inspect.isabstract(cls):
        return f"which lacks {', '.join(sorted(getattr(cls, '__abstractmethods__', ())))}"
    name = getattr(cls, "name", None)
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        return f"whose name is {name!r}; a name is lower-case letters, digits, '-', '_' and '.'"
    options = cls.Options
    if not (inspect.isclass(options) and issubclass(options, ComponentOptions)):
        return f"whose Options are not a subclass of {expected.__name__}.Options"
    if taken := RESERVED_OPTIONS & set(options.model_fields):
        return f"which has an option called {sorted(taken)[0]!r}; that key has a meaning of its own in recipes"
    return None


def _show(cls: Any) -> str:
    return cls.__qualname__ if inspect.isclass(cls) else repr(cls)[:80]


def _describe(error: BaseException) -> str:
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
