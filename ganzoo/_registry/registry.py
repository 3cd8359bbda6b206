"""Registry: parts by kind and name, found by entry points; a broken plugin is reported, and never blocks others."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import Any

import pluggy

from ganzoo import hookspecs
from ganzoo._registry.installed import canonical, entry_points_of, name_and_version
from ganzoo._registry.validation import describe, invalid_class, show, unknown_hooks
from ganzoo.errors import PluginError

HOOK_KINDS = {
    "ganzoo_generators": "generator",
    "ganzoo_discriminators": "discriminator",
    "ganzoo_losses": "loss",
    "ganzoo_regularizers": "regularizer",
    "ganzoo_augmentations": "augmentation",
    "ganzoo_datasets": "dataset",
    "ganzoo_sources": "source",
    "ganzoo_extractors": "extractor",
    "ganzoo_metrics": "metric",
    "ganzoo_importers": "importer",
}
_HOOKS = f"the hooks are {', '.join(HOOK_KINDS)}, and take no arguments"


@dataclass(frozen=True)
class PluginOrigin:
    """Where a part comes from: entry point, distribution, version."""

    plugin: str
    distribution: str
    version: str

    def is_meant_by(self, name: str) -> bool:
        """Whether a part's `distribution:name` is of this distribution; a name without one means any."""
        distribution, colon, _ = name.rpartition(":")
        return not colon or canonical(self.distribution) == canonical(distribution)

    def __str__(self) -> str:
        return f"plugin '{self.plugin}' ({self.distribution} {self.version})"


@dataclass(frozen=True)
class Part:
    """A class that a recipe can name, and where it comes from."""

    kind: str
    name: str
    cls: type[Any]
    origin: PluginOrigin

    @property
    def qualified_name(self) -> str:
        """`distribution:name`, which picks this part where two have one name."""
        return f"{self.origin.distribution}:{self.name}"

    @property
    def docstring(self) -> str:
        """The class's docstring, or nothing."""
        return inspect.getdoc(self.cls) or ""

    @property
    def description(self) -> str:
        """First line of the class's docstring."""
        return self.docstring.partition("\n")[0]

    @property
    def paper(self) -> str:
        """What follows `Paper:` in the class's docstring, or nothing."""
        found = re.search(r"^Paper:\s*(.+(?:\n(?!\s*$).+)*)", self.docstring, re.MULTILINE)
        return " ".join(found.group(1).split()) if found else ""


@dataclass(frozen=True)
class Failure:
    """A plugin, or one part of it, that cannot be used."""

    origin: PluginOrigin
    reason: str

    def __str__(self) -> str:
        return f"{self.origin} {self.reason}"


class Registry:
    """The parts of all installed plugins."""

    def __init__(self, parts: Iterable[Part] = (), failures: Iterable[Failure] = ()) -> None:
        self._parts = tuple(parts)
        self.failures = tuple(failures)

    @classmethod
    def discover(cls, only: Collection[PluginOrigin] | None = None) -> Registry:
        """Load every plugin of this environment, or only some of them."""
        parts: list[Part] = []
        failures: list[Failure] = []
        for entry_point in plugin_entry_points():
            if only is not None and origin_of(entry_point) not in only:
                continue
            found, failed = _load(entry_point)
            parts += found
            failures += failed
        return cls(parts, failures)

    def parts(self, kind: str | None = None) -> tuple[Part, ...]:
        """Return all parts, or those of one kind, sorted by kind and name."""
        chosen = [part for part in self._parts if kind in (None, part.kind)]
        return tuple(sorted(chosen, key=lambda part: (part.kind, part.name, part.origin.distribution)))

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """Names by kind, for messages."""
        return {kind: sorted({part.name for part in self.parts(kind)}) for kind in HOOK_KINDS.values()}

    def defaults(self, kind: str) -> tuple[Part, ...]:
        """Return the parts of a kind that recipes get which name none, in their order: those with a `default_place`."""
        placed = [part for part in self.parts(kind) if part.cls.default_place is not None]
        return tuple(sorted(placed, key=lambda part: part.cls.default_place))

    def find(self, name: str) -> tuple[Part, ...]:
        """Return the parts of any kind with this name or `distribution:name`."""
        own_name = name.rpartition(":")[2]
        return tuple(part for part in self.parts() if part.name == own_name and part.origin.is_meant_by(name))

    def part(self, kind: str, name: str) -> Part:
        """Return the one part of this kind and name.

        Raises:
            PluginError: No plugin offers it, or two do.
        """
        found = [part for part in self.find(name) if part.kind == kind]
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
        near = difflib.get_close_matches(name.rpartition(":")[2][:64], known, n=1)
        if near:
            text += f"; did you mean '{near[0]}'?"
        text += f" (installed: {', '.join(known) or 'none'})"
        other = dict.fromkeys(part.kind for part in self.find(name))
        if other:
            text += f"; '{name}' is the name of a {' and a '.join(other)}"
        return text + self.suspicion()

    def suspicion(self) -> str:
        """Return what to add where a name is not found: it may be that of a part in a broken plugin."""
        return "".join(f"; installed but broken: {failure}" for failure in self.failures)


def ambiguity(kind: str, name: str, origins: Sequence[PluginOrigin]) -> str:
    """Say that several plugins offer one name, and how to pick one of them."""
    own_name = name.rpartition(":")[2]
    text = f"{kind} '{name}' comes from {' and '.join(map(str, origins))}"
    names = sorted({f"{each.distribution}:{own_name}" for each in origins})
    if len(names) < len(origins):
        return f"{text}: one distribution offers two under one name; its authors must rename one, or remove it"
    return f"{text}; write {' or '.join(map(repr, names))} to pick one"


def plugin_entry_points() -> Sequence[EntryPoint]:
    """Return the entry points of the group, sorted, without loading any."""
    return entry_points_of(hookspecs.ENTRY_POINT_GROUP)


def origin_of(entry_point: EntryPoint) -> PluginOrigin:
    """Return who offers an entry point."""
    if entry_point.dist is None:
        return PluginOrigin(entry_point.name, entry_point.value.split(".")[0], "unknown")
    return PluginOrigin(entry_point.name, *name_and_version(entry_point.dist))


def _load(entry_point: EntryPoint) -> tuple[list[Part], list[Failure]]:
    origin = origin_of(entry_point)
    try:
        module = entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: one plugin must not end the others' work
        reason = f"does not load: {describe(error)}; fix or reinstall '{origin.distribution}', or remove it"
        return [], [Failure(origin, reason)]
    manager = pluggy.PluginManager("ganzoo")
    manager.add_hookspecs(hookspecs)
    failures = list[Failure]()
    try:
        manager.register(module, name=entry_point.name)
        failures += [
            Failure(origin, f"misses the hook specification: {each} ({_HOOKS})")
            for each in unknown_hooks(manager, module, list(HOOK_KINDS))
        ]
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # not only pluggy's complaints: it reads all attributes of the module
        failures.append(Failure(origin, f"misses the hook specification: {describe(error)}; {_HOOKS}"))
    parts: list[Part] = []
    for hook, kind in HOOK_KINDS.items():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            found, failed = _ask(origin, hook, kind, implementation.function)
            parts += found
            failures += failed
    if not parts and not failures:
        advice = f"mark its hooks ({', '.join(HOOK_KINDS)}) with @ganzoo.hookimpl in module '{entry_point.value}'"
        failures.append(Failure(origin, f"offers nothing; {advice}"))
    once = {(part.kind, part.cls): part for part in parts}  # a class that a plugin offers twice is one part
    return list(once.values()), failures


def _ask(origin: PluginOrigin, hook: str, kind: str, function: Any) -> tuple[list[Part], list[Failure]]:
    parts, failures = [], []
    try:
        for cls in function():
            if reason := invalid_class(cls, kind):
                advice = f"'{origin.distribution}' {origin.version} needs a fix"
                failures.append(Failure(origin, f"offers {show(cls)} in hook {hook}, {reason}; {advice}"))
            else:
                parts.append(Part(kind, cls.name, cls, origin))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # as above
        advice = f"a hook returns a list of classes; fix or remove '{origin.distribution}'"
        failures.append(Failure(origin, f"fails in hook {hook}: {describe(error)}; {advice}"))
    return parts, failures
