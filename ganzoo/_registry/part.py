"""Part: a class that a recipe can name, who offers it, and what is wrong with a plugin that cannot be used."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any

from ganzoo._registry.code import FILE_VERSION, PartCode, code_of
from ganzoo._registry.installed import canonical, name_and_version


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
        if self.version == FILE_VERSION:
            return f"plugin file {self.distribution}"
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
    def code(self) -> PartCode:
        """Its distribution, version and the hash of its source files as they are on disk."""
        return code_of(self.cls, self.origin.distribution, self.origin.version)

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


def origin_of(entry_point: EntryPoint) -> PluginOrigin:
    """Return who offers an entry point."""
    if entry_point.dist is None:
        return PluginOrigin(entry_point.name, entry_point.value.split(".")[0], "unknown")
    return PluginOrigin(entry_point.name, *name_and_version(entry_point.dist))


def ambiguity(kind: str, name: str, origins: Sequence[PluginOrigin]) -> str:
    """Say that several plugins offer one name, and how to pick one of them."""
    own_name = name.rpartition(":")[2]
    text = f"{kind} '{name}' comes from {' and '.join(map(str, origins))}"
    names = sorted({f"{each.distribution}:{own_name}" for each in origins})
    if len(names) < len(origins):
        return f"{text}: one distribution offers two under one name; its authors must rename one, or remove it"
    return f"{text}; write {' or '.join(map(repr, names))} to pick one"
