"""Deprecations: what plugins use that will go, told once with the plugin's name, at the place where it is used.

Python itself says nothing of most of them, or names a file without saying whose it is.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:  # every command begins here
    from ganzoo._registry.part import PluginOrigin

DEPRECATED = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
_MOST_CHARACTERS = 300


@contextmanager
def naming_deprecations(tell: Callable[[str], None]) -> Iterator[None]:
    """Tell of each thing that the code of plugins uses inside and that is deprecated, once, and who uses it.

    Other warnings are shown as they would be without.
    """
    told = set[str]()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        is_deprecation = issubclass(category, DEPRECATED)
        if is_deprecation and (origin := _origin_of_file(filename)) is not None:
            text = f"{origin} uses what is deprecated: {' '.join(str(message).split())[:_MOST_CHARACTERS]}"
            if text not in told:
                told.add(text)
                tell(f"{text} ({filename}:{lineno})")
        elif not is_deprecation or not was_ignored(category):
            shown(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        shown, was_ignored = warnings.showwarning, _ignored_by(list(warnings.filters))
        for category in (DeprecationWarning, PendingDeprecationWarning):
            warnings.filterwarnings("default", category=category)
        warnings.showwarning = show
        yield


def _ignored_by(filters: list[Any]) -> Callable[[type[Warning]], bool]:
    """Return whether a category of warnings is passed over by filters that ask for nothing else."""

    def is_ignored(category: type[Warning]) -> bool:
        for action, message, theirs, module, line in filters:
            if issubclass(category, theirs) and not (message or module or line):
                return bool(action == "ignore")
        return False

    return is_ignored


def _origin_of_file(filename: str) -> PluginOrigin | None:
    """Return the plugin, not one of ganzoo's own, that has a file among its modules; None: none has."""
    from ganzoo._registry.blame import origin_of_module_name
    from ganzoo._registry.code import CORE_DISTRIBUTION
    from ganzoo._registry.installed import canonical

    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) == filename:
            origin = origin_of_module_name(name)
            own = origin is None or canonical(origin.distribution) == CORE_DISTRIBUTION
            return None if own else origin
    return None
