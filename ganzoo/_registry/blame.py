"""Blame: a plugin's own exception as a sentence that names the part, who offers it, and the line where it failed."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ganzoo import hookspecs
from ganzoo._registry.code import CORE_DISTRIBUTION, code_of
from ganzoo._registry.figures import FIGURE_GROUP
from ganzoo._registry.installed import canonical, entry_points_of
from ganzoo._registry.offers import COMMAND_GROUP
from ganzoo._registry.part import PluginOrigin, origin_of
from ganzoo._registry.plugin_files import origin_of_module
from ganzoo._registry.validation import describe
from ganzoo.errors import GanzooError, PluginError, RunStopped


def named(kind: str, cls: type) -> str:
    """Return a part as messages name it, with its distribution: `metric 'gap' (acme-gap 0.1)`."""
    who = f"{kind} '{getattr(cls, 'name', None) or cls.__qualname__}'"
    origin = origin_of_class(cls)
    return who if origin is None else f"{who} ({origin.distribution} {origin.version})"


def origin_of_class(cls: type) -> PluginOrigin | None:
    """Return who offers a class, or None where no plugin has its package."""
    return origin_of_module_name(cls.__module__)


def origin_of_module_name(name: str) -> PluginOrigin | None:
    """Return who offers what is in a module, or None where no plugin has its package."""
    package = _package(name)
    if (file := origin_of_module(package)) is not None:
        return file
    groups = (hookspecs.ENTRY_POINT_GROUP, FIGURE_GROUP, COMMAND_GROUP)
    points = [each for group in groups for each in entry_points_of(group) if _package(each.module) == package]
    if not points:
        return None
    # Several distributions may share a package: the module itself tells most.
    return origin_of(min(points, key=lambda each: each.module != name))


def foreign_code(cls: type) -> str:
    """Return the code of a part of another distribution than ganzoo's own; empty of one of its own.

    What ganzoo's own parts compute of a score is versioned by `SCORING_VERSION` and their `identity`; an edit that
    changes no number must not part the tables of everybody. Nobody vouches so for the parts of others.
    """
    origin = origin_of_class(cls)
    if origin is None or canonical(origin.distribution) == CORE_DISTRIBUTION:
        return ""
    return str(code_of(cls, origin.distribution, origin.version))


def fault(kind: str, cls: type, error: BaseException) -> str:
    """Say that a part failed, with the line of its plugin at which it did."""
    frames = [
        (frame.f_globals.get("__name__", ""), frame, line) for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = [each for each in frames if _package(str(each[0])) == _package(cls.__module__)] or frames
    place = f" at {own[-1][1].f_code.co_filename}:{own[-1][2]}" if own else ""
    return f"{named(kind, cls)} fails{place}: {describe(error)}"


def fault_of_any(parts: Iterable[tuple[str, type]], error: BaseException) -> str:
    """Say which of some parts failed: the one whose code was entered last; the error alone where it was none's."""
    known = list(parts)
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        for kind, cls in known:
            of_part = isinstance(frame.f_locals.get("self"), cls) or frame.f_globals.get("__name__") == cls.__module__
            if of_part:
                return fault(kind, cls, error)
    return f"a part failed: {describe(error)}"


@contextmanager
def blaming(kind: str, cls: type) -> Iterator[None]:
    """Turn a part's own exception inside into a PluginError that blames it; a GanzooError passes as it is."""
    try:
        yield
    except GanzooError:
        raise
    except Exception as error:
        raise PluginError(fault(kind, cls, error)) from error


@contextmanager
def naming(kind: str, cls: type) -> Iterator[None]:
    """As `blaming`, but a GanzooError inside becomes a PluginError that names the part, too."""
    try:
        yield
    except RunStopped:  # a signal came meanwhile
        raise
    except GanzooError as error:
        raise PluginError(f"{named(kind, cls)}: {error}") from error
    except Exception as error:
        raise PluginError(fault(kind, cls, error)) from error


def _package(module: str) -> str:
    return module.partition(".")[0]
