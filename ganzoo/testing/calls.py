"""Calls: which functions of torch a part calls, and on which line of its own code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

_DRAWS = """
    rand randn randint randperm rand_like randn_like randint_like normal bernoulli multinomial poisson
    normal_ uniform_ bernoulli_ random_ exponential_ geometric_ cauchy_ log_normal_ dropout dropout1d
    dropout2d dropout3d feature_dropout alpha_dropout feature_alpha_dropout rrelu gumbel_softmax
    kaiming_uniform_ kaiming_normal_ xavier_uniform_ xavier_normal_ trunc_normal_
"""
DRAWS = frozenset(_DRAWS.split())
CUTS = frozenset(["detach", "detach_", "item", "tolist", "numpy", "__float__", "__int__", "__array__"])
_DATA = "data.__get__"
_CASTS = frozenset(("double", "half", "bfloat16", "to", "type"))
_OURS = str(Path(__file__).parent)
_FOLDERS = ("torch", "numpy", "importlib")
_FILES = ("contextlib.py", "functools.py", "random.py", "pickle.py")
_LIBRARIES = (*(f"{os.sep}{name}{os.sep}" for name in _FOLDERS), *_FILES)


@dataclass(frozen=True)
class Call:
    """One call: what was called, as people write it, and where: `generators.py:31`."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"`{self.what}` ({self.where})" if self.where else f"`{self.what}`"


def caller() -> str:
    """Return the line that called, outside of torch and of the checks: `generators.py:31`."""
    return line_of(sys._getframe(1))


def line_of(frame: FrameType | None) -> str:
    """Return the innermost line of a stack that is neither torch's nor the checks' own; empty for none."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_OURS, "<")) and not any(each in file for each in _LIBRARIES):
            return f"{Path(file).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


class Calls(TorchFunctionMode):
    """Inside, notes calls of torch.

    Attributes:
        found: Those that were asked for, in order, each line once.
        last: The last of all, of which an error came.
    """

    def __init__(self, wanted: Callable[[str, Mapping[str, Any]], str | None]) -> None:
        """`wanted` gets the short name of a function and its keywords, and says what to note, or None."""
        super().__init__()
        self.found: dict[Call, None] = {}
        self.last: Any = None
        self._frame: FrameType | None = None
        self._wanted = wanted

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        name = _short(func)
        ours = _caller_file(sys._getframe(1)).startswith(_OURS)
        what = None if ours else self._wanted(name, kwargs or {})
        if what is not None:
            self.found.setdefault(Call(what, caller()))
        if not name.startswith("_set_grad"):
            self.last, self._frame = func, sys._getframe(1)
        return func(*args, **(kwargs or {}))

    def told(self) -> str:
        """Return the calls in words, at most three; empty for none."""
        return " and ".join(str(each) for each in list(self.found)[:3])

    @property
    def culprit(self) -> Call:
        """The last call."""
        return Call(written(self.last), line_of(self._frame))


def _caller_file(frame: FrameType) -> str:
    """Return the file that called, past other modes that are active."""
    while frame.f_back is not None and frame.f_code.co_name in ("__torch_function__", "_drawn"):
        frame = frame.f_back
    return frame.f_code.co_filename


def _short(func: Any) -> str:
    name: str = getattr(func, "__name__", "")
    if name == "__get__":
        return f"{getattr(getattr(func, '__self__', None), '__name__', '')}.__get__"
    return name


def written(func: Any) -> str:
    """Return a function of torch as people write it: `torch.rand`, `.detach()`, `F.conv2d`."""
    name = _short(func)
    if name.endswith(".__get__"):
        return f".{name.removesuffix('.__get__')}"
    if "Tensor" in getattr(func, "__qualname__", ""):
        return f".{name}()"
    return f"F.{name}" if getattr(func, "__module__", "") == F.__name__ else f"torch.{name}"


def draws(
    run: Callable[[], object], given: Iterable[torch.Generator] = (), allowed: Callable[[], bool] = lambda: False
) -> str:
    """Return in words by which calls `run` draws from torch's global stream or from a generator that was not given.

    What it draws while `allowed` says so is passed over.
    """
    known = [id(each) for each in given]

    def wanted(name: str, keywords: Mapping[str, Any]) -> str | None:
        stream = keywords.get("generator")
        if name not in DRAWS or id(stream) in known or allowed():
            return None
        return _drawn(name) + (" with a torch.Generator of its own" if stream is not None else "")

    return _watched(run, wanted)


def _drawn(name: str) -> str:
    if name.endswith("_"):
        return f".{name}()" if not name.startswith(("kaiming", "xavier", "trunc")) else f"nn.init.{name}"
    return f"F.{name}" if "dropout" in name or name in ("rrelu", "gumbel_softmax") else f"torch.{name}"


def cuts(run: Callable[[], object]) -> str:
    """Return in words by which calls `run` cuts the graph of gradients; empty for none."""
    hidden = False

    def wanted(name: str, keywords: Mapping[str, Any]) -> str | None:
        nonlocal hidden
        if name in CUTS:
            return {"__float__": "float(...)", "__int__": "int(...)", "__array__": "numpy"}.get(name, f".{name}()")
        if name == _DATA:
            return ".data"
        if not (torch.is_grad_enabled() or hidden or name.startswith(("__", "_set_grad")) or in_function()):
            hidden = True
            return "no_grad()"
        return None

    with torch.enable_grad():
        return _watched(run, wanted)


def in_function() -> bool:
    """Whether a `torch.autograd.Function` is at work, which differentiates for itself what is not tracked."""
    own = {getattr(each, "__code__", None) for cls in _functions(torch.autograd.Function) for each in _own(cls)}
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code in own:
            return True
        frame = frame.f_back
    return False


def _own(cls: type) -> list[object]:
    return [getattr(each, "__func__", each) for each in vars(cls).values()]


def _functions(cls: Any) -> Iterator[type]:
    subclasses: list[type] = cls.__subclasses__()
    for each in subclasses:
        yield from (each, *_functions(each))


def _watched(run: Callable[[], object], wanted: Callable[[str, Mapping[str, Any]], str | None]) -> str:
    calls = Calls(wanted)
    with suppress(Exception), calls:  # its own error is told elsewhere
        run()
    return calls.told()


def casts(run: Callable[[], object]) -> tuple[Call, str]:
    """Return the last call of `run`, and in words those by which it changes the type of numbers; empty for none."""
    calls = Calls(lambda name, keywords: f".{name}()" if name in _CASTS else None)
    with suppress(Exception), calls, torch.no_grad():
        run()
    return calls.culprit, calls.told()
