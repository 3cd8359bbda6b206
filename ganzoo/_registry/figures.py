"""Figure catalog: the figures that installed plugins offer, by entry points of their own group.

Their names are known from metadata alone; a figure's module is imported when that figure is asked for.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo._registry.code import CORE_DISTRIBUTION
from ganzoo._registry.import_watch import ImportWatch
from ganzoo._registry.installed import entry_points_of
from ganzoo._registry.located import located
from ganzoo._registry.part import Failure, Part, ambiguity, origin_of
from ganzoo._registry.remedy import remedy
from ganzoo._registry.validation import describe
from ganzoo.errors import PluginError
from ganzoo.text import names_meant

if TYPE_CHECKING:
    from ganzoo.contracts.figures import Figure

FIGURE_GROUP = "ganzoo.figures"


@dataclass(frozen=True)
class FigureCatalog:
    """Figures by name, none imported yet.

    Attributes:
        entries: The entry points of each name; more than one where several plugins offer a figure of that name.
    """

    entries: Mapping[str, Sequence[EntryPoint]]

    @classmethod
    def discover(cls) -> FigureCatalog:
        """Read the metadata of all installed plugins."""
        entries: dict[str, list[EntryPoint]] = {}
        for each in entry_points_of(FIGURE_GROUP):
            entries.setdefault(each.name, []).append(each)
        return cls(entries)

    @cached_property
    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self.entries)

    def find(self, name: str) -> Sequence[EntryPoint]:
        """Return the entry points of a name, or of `distribution:name`."""
        own_name = name.rpartition(":")[2]
        return [each for each in self.entries.get(own_name, ()) if origin_of(each).is_meant_by(name)]

    def load(self, name: str) -> type[Figure]:
        """Import the figure of a name, or of `distribution:name`.

        Raises:
            PluginError: There is none, two plugins offer one, or its plugin is broken.
        """
        entries = self.find(name)
        if not entries:
            hint = names_meant(name.rpartition(":")[2], self.names)
            raise PluginError(f"no figure called '{name[:64]}'{hint} (installed: {', '.join(self.names) or 'none'})")
        if len(entries) > 1:
            raise PluginError(ambiguity("figure", name, [origin_of(each) for each in entries]))
        found = _loaded(entries[0])
        if isinstance(found, Failure):
            raise PluginError(f"figure '{name}': {found}")
        return found

    def description(self, name: str) -> str:
        """Return the first line of a figure's docstring, from its origin, without importing it; else nothing."""
        try:
            return first_line(self.find(name)[0])
        except (OSError, SyntaxError, ValueError, IndexError):
            return ""

    def versions_of(self, name: str) -> dict[str, str]:
        """Return distribution and version of others than ganzoo that offer a figure of a name."""
        origins = (origin_of(each) for each in self.find(name))
        return {each.distribution: each.version for each in origins if each.distribution != CORE_DISTRIBUTION}

    def loadable(self) -> Iterator[type[Figure]]:
        """Yield the figures that can be used, by name."""
        for name in self.names:
            try:
                yield self.load(name)
            except PluginError:
                continue

    def parts(self) -> tuple[list[Part], list[Failure]]:
        """Import all, as `ganzoo plugins` lists them, and say which are broken or share a name."""
        parts, failures = list[Part](), list[Failure]()
        for name in self.names:
            entries = self.entries[name]
            if len(entries) > 1:
                clash = ambiguity("figure", name, [origin_of(each) for each in entries])
                failures.append(Failure(origin_of(entries[0]), f"shares a name with another: {clash}"))
            for entry in entries:
                found = _loaded(entry)
                if isinstance(found, Failure):
                    failures.append(found)
                else:
                    parts.append(Part("figure", name, found, origin_of(entry)))
        return parts, failures


def _loaded(entry: EntryPoint) -> type[Figure] | Failure:
    origin = origin_of(entry)
    try:
        with ImportWatch(entry.module.partition(".")[0]):
            found = entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: one plugin must not end the others' work
        return Failure(origin, f"does not load: {describe(error)}; {remedy(error, entry, origin)}")
    if reason := _invalid(found, entry.name):
        return Failure(origin, f"offers {_shown(found)} as figure '{entry.name}', {reason}")
    figure: type[Figure] = found
    return figure


def _invalid(found: Any, name: str) -> str | None:
    """Say why what an entry point names is no figure, or None."""
    from ganzoo._registry.figure_options import wrong_option
    from ganzoo.contracts.figures import CheckpointsFigure, GeneratorFigure, RunsFigure, TargetsFigure

    bases = (GeneratorFigure, CheckpointsFigure, RunsFigure, TargetsFigure)
    if not (inspect.isclass(found) and issubclass(found, bases)):
        return f"which is no subclass of {', '.join(f'ganzoo.{base.__name__}' for base in bases)}"
    if inspect.isabstract(found):
        return f"which lacks {', '.join(sorted(found.__abstractmethods__))}"
    if getattr(found, "name", None) != name:
        return f"whose name is {getattr(found, 'name', None)!r}; class and entry point must agree"
    if required := [field for field, info in found.model_fields.items() if info.is_required()]:
        return f"whose option {required[0]!r} has no default; a command needs one for each"
    if reason := wrong_option(found):
        return f"whose {reason}"
    return None


def _shown(found: Any) -> str:
    if inspect.ismodule(found):
        return f"the whole module '{found.__name__}'"
    return found.__qualname__ if inspect.isclass(found) else repr(found)[:80]


def first_line(entry: EntryPoint) -> str:
    """Return the first line of the docstring of what an entry point names, read from its source.

    Raises:
        OSError: Its file is not there.
        SyntaxError: Its file is no Python.
    """
    spec = located(entry.module)
    origin = spec.origin if spec else None
    if origin is None or not origin.endswith(".py"):
        return ""
    for node in ast.parse(Path(origin).read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == entry.attr:
            return (ast.get_docstring(node) or "").partition("\n")[0]
    return ""
