"""Conduct: what a part does to the process in which it is asked, and the cause of what it then fails.

Settings of torch, seeds, python's and numpy's random streams, the working directory and the environment belong to
whoever runs the part. What it changes is named, with the line where it can be found, and put back.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch

from ganzoo._random import global_streams
from ganzoo._registry.import_watch import put_back, torch_settings
from ganzoo.testing.calls import caller

_SEEDERS: tuple[tuple[Any, str, str], ...] = (
    (torch, "manual_seed", "torch.manual_seed"),
    (torch, "seed", "torch.seed"),
    (random, "seed", "random.seed"),
    (np.random, "seed", "np.random.seed"),
)
_SETTERS = {
    "torch.get_num_threads()": "torch.set_num_threads",
    "torch.are_deterministic_algorithms_enabled()": "torch.use_deterministic_algorithms",
    "torch.get_default_dtype()": "torch.set_default_dtype",
    "torch.get_default_device()": "torch.set_default_device",
    "torch.is_anomaly_enabled()": "torch.autograd.set_detect_anomaly",
    "torch.is_grad_enabled()": "torch.set_grad_enabled",
}
_QUIET = ("PYTEST_", "KMP_", "OMP_", "TORCH")


class Conduct:
    """Watches the process inside a `with` block.

    Attributes:
        found: What was changed or drawn, a sentence each, once the block has ended.
        draws: Which of python's and numpy's streams were drawn from.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.draws: list[str] = []
        self._seeded: dict[str, str] = {}
        self._ganzoo_seeded = False

    def __enter__(self) -> Conduct:
        self._settings = torch_settings()
        self._python, self._numpy = random.getstate(), np.random.get_state(legacy=False)
        self._folder, self._environment = os.getcwd(), dict(os.environ)
        self._originals = [(where, name, getattr(where, name)) for where, name, _ in _SEEDERS]
        for where, name, full in _SEEDERS:
            setattr(where, name, self._noting(getattr(where, name), full))
        return self

    def _noting(self, original: Callable[..., Any], full: str) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            # What runs a part seeds for it: a step of training, an image that is sampled.
            if sys._getframe(1).f_code.co_filename == global_streams.__file__:
                self._ganzoo_seeded = True
            else:
                self._seeded.setdefault(full, caller())
            return original(*args, **kwargs)

        return noted

    def __exit__(self, *error: object) -> None:
        for where, name, original in self._originals:
            setattr(where, name, original)
        for full, line in self._seeded.items():
            self.found.append(
                f"calls {full}{_at(line)}, which seeds the global stream of everybody; whoever runs it seeds"
            )
        for change in put_back(self._settings):
            if self._ganzoo_seeded and change.startswith("changed torch.initial_seed()"):
                continue
            setter = next((each for key, each in _SETTERS.items() if key in change), "")
            self.found.append(change + (f" ({setter})" if setter else ""))
        self._judge_streams()
        self._judge_process()

    def _judge_streams(self) -> None:
        if random.getstate() != self._python:
            self.draws.append("python")
            random.setstate(self._python)
        if not _same_stream(np.random.get_state(legacy=False), self._numpy):
            self.draws.append("numpy")
            np.random.set_state(self._numpy)
        if self._seeded or self._ganzoo_seeded:
            self.draws = []

    def _judge_process(self) -> None:
        if os.getcwd() != self._folder:
            os.chdir(self._folder)
            self.found.append("changes the working directory (os.chdir) for everybody; write whole paths")
        changed = sorted(
            name
            for name in {*os.environ, *self._environment}
            if os.environ.get(name) != self._environment.get(name) and not name.startswith(_QUIET)
        )
        if changed:
            os.environ.clear()
            os.environ.update(self._environment)
            self.found.append(f"changes os.environ for everybody: {', '.join(changed[:3])}")


def _at(line: str) -> str:
    return f" ({line})" if line else ""


def _same_stream(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(
        one["state"]["pos"] == other["state"]["pos"]
        and np.array_equal(one["state"]["key"], other["state"]["key"])
        and one["has_gauss"] == other["has_gauss"]
    )


def drawn_by(run: Callable[[], object], streams: list[str]) -> Iterator[str]:
    """Yield the calls by which `run` draws from python's or numpy's streams: "`random.gauss` (acme.py:31)"."""
    python, numpy = random.getstate(), np.random.get_state(legacy=False)
    calls: dict[str, None] = {}

    def note(frame: FrameType, event: str, called: Any) -> None:
        name = _drawing(frame, event, called)
        if name:
            line = _line(frame)
            calls.setdefault(f"`{name}`{_at(line)}")

    def note_numpy(name: str) -> None:
        calls.setdefault(f"`np.random.{name}`{_at(caller())}")

    profile = sys.getprofile()
    sys.setprofile(note)
    try:
        with suppress(Exception), _noting_numpy(note_numpy):
            run()
    finally:
        sys.setprofile(profile)
        random.setstate(python)
        np.random.set_state(numpy)
    yield from list(calls)[:2] or [f"the global stream of {each}" for each in streams]


@contextmanager
def _noting_numpy(note: Callable[[str], None]) -> Iterator[None]:
    """Tell which functions of numpy's global stream are called inside: compiled ones, which no profiler sees."""
    stream = getattr(np.random.rand, "__self__", None)
    functions = {name: each for name, each in vars(np.random).items() if getattr(each, "__self__", None) is stream}

    def noting(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            note(name)
            return original(*args, **kwargs)

        return noted

    for name, original in functions.items():
        setattr(np.random, name, noting(name, original))
    try:
        yield
    finally:
        for name, original in functions.items():
            setattr(np.random, name, original)


def _drawing(frame: FrameType, event: str, called: Any) -> str:
    """Return the name of a function of python's or numpy's global stream that is about to be called."""
    if event == "call" and frame.f_code.co_filename == random.__file__:
        bound = frame.f_locals.get("self")
        outside = frame.f_back is not None and frame.f_back.f_code.co_filename != random.__file__
        known = bound is getattr(random.random, "__self__", None)
        return f"random.{frame.f_code.co_name}" if known and outside else ""
    if event == "c_call":
        bound = getattr(called, "__self__", None)
        if bound is getattr(random.random, "__self__", None) and frame.f_code.co_filename != random.__file__:
            return f"random.{called.__name__}"
    return ""


def _line(frame: FrameType | None) -> str:
    skipped = (random.__file__, __file__)
    while frame is not None and (frame.f_code.co_filename in skipped or "numpy" in frame.f_code.co_filename):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame is not None else ""
