"""Planted bug: a part with one fault, what its complaint must say of the cause, and a sound part beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlantedBug:
    """A part with one fault.

    Attributes:
        part: The part.
        causes: Words that its complaint must hold, all of them: those of the cause, not of the symptom.
        twin: The same without the fault.
    """

    part: type
    causes: tuple[str, ...]
    twin: type


def planted(bugs: list[PlantedBug], *causes: str, twin: type | None = None) -> Callable[[type], type]:
    """Note a part with a fault; its twin is what it was made from, unless another is named."""

    def note(part: Any) -> type:
        part.__doc__ = f"A part with a planted bug: {part.__name__}."
        bugs.append(PlantedBug(part, causes, twin or part.__bases__[0]))
        return part

    return note
