"""Failure: the error about a part that breaks its contract, with what was expected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ganzoo._registry.kinds import KINDS, base_of
from ganzoo.contracts.component import Component


class ConformanceError(AssertionError):
    """A part does not keep its contract; the text names the part and says what was expected and found."""


def kind_of(cls: type[Component]) -> str | None:
    """Return the kind of a part, such as `generator`, or None where it is of none."""
    return next((kind for kind in KINDS if issubclass(cls, base_of(kind))), None)


class Judge:
    """Speaks for one part: every complaint begins with its kind and name."""

    def __init__(self, cls: type, kind: str) -> None:
        self.who = f"{kind} {getattr(cls, 'name', None) or cls.__name__!r}"

    def require(self, condition: object, complaint: str) -> None:
        """Raise ConformanceError with `complaint` unless `condition` holds."""
        if not condition:
            raise ConformanceError(f"{self.who}: {complaint}")

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Turn any error inside into a failure that says during what."""
        try:
            yield
        except ConformanceError:
            raise
        except Exception as error:
            raise ConformanceError(f"{self.who}: {what} failed: {type(error).__name__}: {error}") from error
