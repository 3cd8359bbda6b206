"""Option effects: what an author says of an option that moves no number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WithoutEffect:
    """Marks an option that changes no number, as one of speed or memory: conformance asks each other one for an effect.

    `Annotated[int, WithoutEffect("memory alone")] = Field(default=8, description="Images at once.")`

    Attributes:
        why: What it changes instead.
    """

    why: str
