"""Records: what a foreign file's classes and functions become, names with what belongs to them that never act."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Global:
    """A class or function that the file names; never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Record:
    """An object of a class that is not known here, or the result of a function that is not called.

    Attributes:
        module: Module of the class or function.
        name: Its name in the module.
        args: What it was called with.
        kwargs: What it was called with by name.
        state: What would be its state, mostly a dictionary of attributes; None where there is none.
        items: What was appended to it, if it is a list of a kind.
        mapping: What was set in it by key, if it is a dictionary of a kind.
    """

    module: str
    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[Any, Any] = field(default_factory=dict)
    state: Any = None
    items: list[Any] = field(default_factory=list)
    mapping: dict[Any, Any] = field(default_factory=dict)

    def is_of(self, module: str, name: str) -> bool:
        """Whether it is of this class or function."""
        return (self.module, self.name) == (module, name)
