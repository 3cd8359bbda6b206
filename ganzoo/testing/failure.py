"""Failure: what came of asking a property, and the error that lists all that a part fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "failed", "skipped", "not asked"]


@dataclass(frozen=True)
class Result:
    """What came of one check.

    Attributes:
        kind: The kind of the part.
        name: The part.
        promise: The property that was asked, by its name.
        setting: The kind of images that it was asked on, or nothing.
        status: What came of it; `not asked` where something failed that it cannot be asked without.
        reason: Why it did not pass.
    """

    kind: str
    name: str
    promise: str
    setting: str
    status: Status
    reason: str = ""

    @property
    def part(self) -> str:
        """The part's kind and name, as messages begin: "generator 'acme'"."""
        return f"{self.kind} {self.name!r}"


class ConformanceError(AssertionError):
    """A part does not keep its contract; the text names the part and says what was expected and found.

    Attributes:
        failures: All that it fails, one result for each property and setting.
    """

    def __init__(self, text: str, failures: Sequence[Result] = ()) -> None:
        super().__init__(text)
        self.failures = tuple(failures)


class NotAsked(Exception):  # no error: a property says that it cannot be asked here
    """A property cannot be asked here: weights are missing, or nothing was given to test with."""


def require(condition: object, complaint: str) -> None:
    """Raise ConformanceError with `complaint` unless `condition` holds."""
    if not condition:
        raise ConformanceError(complaint)


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Turn any error inside into a failure that says during what."""
    try:
        yield
    except (ConformanceError, NotAsked):
        raise
    except Exception as error:
        raise ConformanceError(f"{what} failed: {type(error).__name__}: {error}{_remedy(str(error))}") from error


# What torch has no second derivative of, and what computes the same with one.
_REMEDIES = {
    "scaled_dot_product": "compute it within torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH), which "
    "has one",
    "grid_sampler": "F.grid_sample has one from torch 2.13 on; before, gather pixels and weigh them",
}


# What torch says of a part that writes into what it was given: images, logits, latents, labels.
_IN_PLACE = ("used in an in-place operation", "modified by an inplace operation", "the written-to tensor refers to")


def _remedy(error: str) -> str:
    if any(each in error for each in _IN_PLACE):
        return (
            " (it changes what it is given in place, by a method that ends with `_`, `+=` or an assignment: compute a "
            "new one)"
        )
    if "is not implemented" not in error:
        return ""
    return next((f"; {remedy}" for name, remedy in _REMEDIES.items() if name in error), "")
