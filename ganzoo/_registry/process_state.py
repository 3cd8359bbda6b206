"""Process state: what an import changes of streams, environment, folder and signals, which all of the process share."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import FrameType
from typing import Any

_NUMPY = "numpy.random"
# By which a training is stopped so that it can be resumed.
_STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_MAPPINGS = ("os", "_collections_abc", "collections.abc")  # by which `os.environ.update` sets


class ProcessState:
    """The global streams of python and numpy, who sets `os.environ`, the working folder and how signals end a process.

    Args:
        is_own: Whether a file is of who is watched: what a library sets for itself is left as it is.
    """

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        self._is_own = is_own
        self._before: dict[str, str | None] = {}
        self._environ: Any = type(os.environ)
        self._originals = {name: getattr(self._environ, name) for name in ("__setitem__", "__delitem__")}
        for name, original in self._originals.items():
            setattr(self._environ, name, self._noting(original))
        self._folder = _folder()
        self._handlers = {each: signal.getsignal(each) for each in _STOPS}
        self.look()

    def look(self) -> None:
        """Take the streams as they are now for untouched."""
        self._python = random.getstate()
        self._numpy = _numpy_state()

    def _noting(self, original: Callable[..., None]) -> Callable[..., None]:
        def noted(environ: Any, key: Any, *value: Any) -> None:
            if self._is_own(_setter(sys._getframe(1))):
                self._before.setdefault(key, environ.get(key))
            original(environ, key, *value)

        return noted

    def put_back(self) -> Iterator[str]:
        """Undo what was changed, and say what, a phrase each with the remedy."""
        for name, original in self._originals.items():
            setattr(self._environ, name, original)
        if random.getstate() != self._python:
            random.setstate(self._python)
            yield _of_stream("python's random", "random.Random(seed)")
        if self._numpy and not _same(_numpy_state(), self._numpy):
            sys.modules[_NUMPY].set_state(self._numpy)
            yield _of_stream("numpy's np.random", "np.random.default_rng(seed)")
        yield from self._put_back_folder_and_signals()
        changed = sorted(key for key, value in self._before.items() if os.environ.get(key) != value)
        for key in changed:
            _set(key, self._before[key])
        if changed:
            yield (
                f"changes os.environ for everybody and for all processes that are started: {', '.join(changed[:3])}, "
                f"which was put back; whoever starts the run sets it, and a process of its own gets "
                f"subprocess.run(..., env=...)"
            )

    def _put_back_folder_and_signals(self) -> Iterator[str]:
        if self._folder and _folder() != self._folder:
            os.chdir(self._folder)
            yield (
                "changes the working folder of everybody (os.chdir), which was put back: relative paths would lead "
                "elsewhere; build paths from Path(__file__).parent"
            )
        changed = [each for each, handler in self._handlers.items() if signal.getsignal(each) is not handler]
        with suppress(ValueError):  # outside the main thread nobody can set one
            for each in changed:
                signal.signal(each, self._handlers[each])
        if changed:
            yield (
                f"handles {', '.join(each.name for each in changed)} for everybody, which was put back: by these "
                f"a training that is stopped saves a checkpoint; leave signals to the program"
            )


def _of_stream(stream: str, own: str) -> str:
    return (
        f"seeds or draws from {stream}, the global stream of everybody, which was put back; draw from a stream of its "
        f"own, {own}, in the functions that need one"
    )


def _setter(frame: FrameType | None) -> str:
    """Return the file that sets an entry: the first outside of the standard library's mappings."""
    while frame is not None and frame.f_globals.get("__name__") in _MAPPINGS:
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else ""


def _folder() -> str | None:
    with suppress(OSError):  # deleted under the program
        return os.getcwd()
    return None


def _numpy_state() -> Mapping[str, Any]:
    module: Any = sys.modules.get(_NUMPY)
    return module.get_state(legacy=False) if hasattr(module, "get_state") else {}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["state"]["pos"] == other["state"]["pos"] and (one["state"]["key"] == other["state"]["key"]).all())


def _set(key: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(key, None)
    else:
        os.environ[key] = value
