"""Conformance of callbacks."""

from __future__ import annotations

from typing import Any

from ganzoo.contracts.callbacks import RunCallback
from ganzoo.testing.failure import Judge
from ganzoo.testing.options import check_component

_METHODS = ("on_begin", "on_values", "on_samples", "on_scores", "on_end")


def check_callback(cls: type[RunCallback], options: Any = None) -> None:
    """Check that a callback keeps its contract, without a run: what it does with one only its author can judge.

    Args:
        cls: The callback.
        options: What to test it with; the defaults of its options if None.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "callback")
    options = check_component(cls, RunCallback, options, judge)
    with judge.doing("unavailable()"):
        reason = cls.unavailable()
    judge.require(
        reason is None or (isinstance(reason, str) and reason.strip()),
        f"unavailable() must return a sentence with the remedy or None, not {reason!r}",
    )
    heard = [name for name in _METHODS if getattr(cls, name) is not getattr(RunCallback, name)]
    judge.require(heard, f"looks at nothing: override one of {', '.join(_METHODS)}")
    near = [name for name in vars(cls) if name.startswith("on_") and name not in _METHODS]
    judge.require(not near, f"has {', '.join(near)}, which is never called; the methods are {', '.join(_METHODS)}")
    with judge.doing("building it, which imports nothing that `unavailable` asks for"):
        cls(options)
