"""Shared settings: what else of Python an import changes for all: hooks of errors, logging, warnings, threads."""

from __future__ import annotations

import locale
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import logging


class _Setting(NamedTuple):
    read: Callable[[], Any]
    write: Callable[[Any], Any]
    remedy: str


_HOOK_REMEDY = "the program tells errors: raise one, and catch what is yours where it may happen"
_SETTINGS: Mapping[str, _Setting] = {
    "sys.excepthook": _Setting(lambda: sys.excepthook, lambda hook: setattr(sys, "excepthook", hook), _HOOK_REMEDY),
    "sys.unraisablehook": _Setting(
        lambda: sys.unraisablehook, lambda hook: setattr(sys, "unraisablehook", hook), _HOOK_REMEDY
    ),
    "threading.excepthook": _Setting(
        lambda: threading.excepthook, lambda hook: setattr(threading, "excepthook", hook), _HOOK_REMEDY
    ),
    "sys.getrecursionlimit()": _Setting(
        sys.getrecursionlimit, sys.setrecursionlimit, "write what recurses so deep as a loop"
    ),
    "locale.setlocale()": _Setting(
        lambda: locale.setlocale(locale.LC_ALL),
        lambda name: locale.setlocale(locale.LC_ALL, name),
        "numbers would be read and written otherwise: format them by hand where people read them",
    ),
}


class SharedSettings:
    """Watches them from when it is made.

    Args:
        is_own: Whether a file is of who is watched: threads and filters of a library are its own.
    """

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        self._is_own = is_own
        self._before = {name: each.read() for name, each in _SETTINGS.items()}
        self._logging = _logging()
        self._filters = _NotedFilters(warnings.filters, self._is_asker_own)
        self._replaced, warnings.filters = warnings.filters, self._filters
        self._threads: list[threading.Thread] = []
        self._start = threading.Thread.start
        setattr(threading.Thread, "start", self._noting(self._start))  # noqa: B010 it is a method, to a type checker

    def put_back(self) -> Iterator[str]:
        """Undo what was changed, and say what, a phrase each with the remedy."""
        setattr(threading.Thread, "start", self._start)  # noqa: B010
        for name, setting in _SETTINGS.items():
            if (now := setting.read()) != self._before[name]:
                with suppress(locale.Error, RecursionError):  # a name that is none, a stack as deep as now
                    setting.write(self._before[name])
                what = name if callable(now) else f"{name} from {self._before[name]} to {now}"
                yield f"changes {what} for everybody, which was put back; {setting.remedy}"
        if _logging() != self._logging:
            self._put_back_logging()
            yield (
                "sets up logging for everybody (handlers or level of the root logger, as logging.basicConfig does), "
                "which was put back: the program's own lines would be doubled or lost; write to "
                "logging.getLogger(__name__), and leave handlers and levels to whoever starts the run"
            )
        yield from self._put_back_filters()
        yield from self._name_threads()

    def _put_back_logging(self) -> None:
        import logging

        handlers, level, disabled = self._logging
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        logging.disable(disabled)

    def _put_back_filters(self) -> Iterator[str]:
        warnings.filters = self._replaced
        if self._filters.was_changed:
            yield (
                "changes the filters of warnings for everybody, which was put back: what others are warned of would be "
                "hidden; put warnings.catch_warnings() around the call whose warning is known"
            )

    def _name_threads(self) -> Iterator[str]:
        alive = [each.name for each in self._threads if each.is_alive()]
        if alive:
            yield (
                f"starts {len(alive)} thread{'s' * (len(alive) > 1)} ({', '.join(alive[:3])}) that nobody can stop, in "
                f"each command that needs it; start what is needed in the function that needs it, and end it there"
            )

    def _noting(self, original: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
        def noted(thread: threading.Thread) -> None:
            if self._is_asker_own(sys._getframe(1)):
                self._threads.append(thread)
            original(thread)

        return noted

    def _is_asker_own(self, frame: FrameType | None) -> bool:
        """Whether the first that is not of Python's library, from a frame outwards, is of who is watched."""
        while frame is not None and _is_library(frame):
            frame = frame.f_back
        return frame is not None and self._is_own(frame.f_code.co_filename)


class _NotedFilters(list[Any]):
    """The filters of warnings, which note whether who is watched changed them; `warnings` finds them by their name."""

    def __init__(self, filters: Any, is_own: Callable[[FrameType | None], bool]) -> None:
        super().__init__(filters)
        self._is_own = is_own
        self.was_changed = False

    def insert(self, *args: Any) -> None:
        self._note(sys._getframe(1))
        super().insert(*args)

    def append(self, *args: Any) -> None:
        self._note(sys._getframe(1))
        super().append(*args)

    def __setitem__(self, *args: Any) -> None:
        self._note(sys._getframe(1))
        super().__setitem__(*args)

    def _note(self, frame: FrameType | None) -> None:
        self.was_changed = self.was_changed or self._is_own(frame)


def _is_library(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in sys.stdlib_module_names


def _logging() -> tuple[list[logging.Handler], int, int]:
    import logging  # only now: commands that import no plugin have no need of it

    return list(logging.root.handlers), logging.root.level, logging.root.manager.disable
