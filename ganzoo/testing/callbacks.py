"""Callbacks: their properties, and what they do while they are told of a made-up run."""

from __future__ import annotations

from typing import Any, ClassVar

from ganzoo.contracts.callbacks import RunCallback
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import doing, require
from ganzoo.testing.properties import Case, Property, Suite
from ganzoo.testing.trial import Trial, require_all
from ganzoo.testing.watched_run import check_watches

_METHODS = ("on_begin", "on_values", "on_samples", "on_scores", "on_end")


class CallbackCase(Case):
    """A callback under test."""

    kind: ClassVar[str] = "callback"
    base: ClassVar[type] = RunCallback


def _check_availability(case: CallbackCase) -> None:
    with doing("unavailable()"):
        reason = case.cls.unavailable()
    require(
        reason is None or (isinstance(reason, str) and reason.strip()),
        f"unavailable() must return a sentence with the remedy or None, not {reason!r}",
    )


def _check_methods(case: CallbackCase) -> None:
    heard = [name for name in _METHODS if getattr(case.cls, name) is not getattr(RunCallback, name)]
    near = [name for name in vars(case.cls) if name.startswith("on_") and name not in _METHODS]
    require(not near, f"has {', '.join(near)}, which is never called; the methods are {', '.join(_METHODS)}")
    require(heard, f"looks at nothing: override one of {', '.join(_METHODS)}")


def _check_built(case: CallbackCase) -> None:
    with doing("building it, which imports nothing that `unavailable` asks for"):
        case.cls(case.options)


CALLBACK = Suite(
    CallbackCase,
    once=(
        *COMPONENT,
        Property("says whether it can be used here", _check_availability),
        Property("overrides methods that are called", _check_methods),
        Property("can be built", _check_built),
        Property("is told of a run, and leaves all but its own folder as it was", check_watches, needs="can be built"),
    ),
)


def check_callback(cls: type[RunCallback], options: Any = None) -> None:
    """Check that a callback keeps its contract, told of a made-up run.

    Args:
        cls: The callback.
        options: What to test it with; if None its `example_options`, or the defaults.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(CALLBACK, CallbackCase(cls, options)))
