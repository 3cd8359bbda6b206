"""Unpickler: a stack, marks and a memo. Nothing is imported, called or executed: names stay names.

What the few known functions would give (containers, arrays, tensors) is made here, from plain data, by
`ganzoo.interchange.meanings`; every other call becomes a `Record` that says what would have been called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ganzoo.errors import CheckpointError
from ganzoo.interchange.byte_stream import Stream
from ganzoo.interchange.limits import Budget
from ganzoo.interchange.records import Global, Record
from ganzoo.text import clip, literal

HIGHEST_PROTOCOL = 5
MAX_NAME = 300
Meaning = Callable[[Budget, tuple[Any, ...]], Any]
Persistent = Callable[[Any], Any]
_KEYS = (str, bytes, int, float, type(None))


class Machine:
    """The state of one stream that is being read; `run` in `instructions.py` drives it.

    Args:
        stream: The bytes; left behind the stream's end.
        budget: What may still be used.
        meanings: What known functions give, by their names.
        persistent: What a reference to outside of the stream stands for; None where there is no outside.
    """

    def __init__(
        self,
        stream: Stream,
        budget: Budget,
        meanings: Mapping[tuple[str, str], Meaning],
        persistent: Persistent | None = None,
    ) -> None:
        self.stream, self.budget, self.meanings, self.persistent = stream, budget, meanings, persistent
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    # --- stack ------------------------------------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        """Put a value on top of the stack."""
        self.stack.append(value)

    def pop(self) -> Any:
        """Take the top of the stack."""
        if not self.stack:
            raise CheckpointError(f"nothing is left to work on at byte {self.stream.position:,}")
        return self.stack.pop()

    def top(self) -> Any:
        """Return the top of the stack."""
        value = self.pop()
        self.push(value)
        return value

    def pop_to_mark(self) -> list[Any]:
        """Take everything above the last mark."""
        if not self.marks:
            raise CheckpointError(f"there is no mark before byte {self.stream.position:,}")
        taken, self.stack = self.stack, self.marks.pop()
        return taken

    def mark(self) -> None:
        """Set a mark."""
        self.marks.append(self.stack)
        self.stack = []

    def discard(self) -> None:
        """Drop the top of the stack, or the mark if that is on top."""
        if self.stack or not self.marks:
            self.pop()
        else:
            self.stack = self.marks.pop()

    def remember(self, index: int) -> None:
        """Keep the top of the stack under a number."""
        if index < 0:
            raise CheckpointError(f"a negative number is remembered at byte {self.stream.position:,}")
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        """Push what was kept under a number."""
        if index not in self.memo:
            raise CheckpointError(f"number {index} was never remembered (byte {self.stream.position:,})")
        self.push(self.memo[index])

    # --- containers -------------------------------------------------------------------------------------------------

    def set_items(self, pairs: list[Any]) -> None:
        """Put keys and values, in turn, into the dictionary on top."""
        target = self.top()
        mapping = target.mapping if isinstance(target, Record) else target
        if not isinstance(mapping, dict) or len(pairs) % 2:
            raise CheckpointError(f"no dictionary takes the items at byte {self.stream.position:,}")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            mapping[hashable(key)] = value

    def append(self, values: list[Any]) -> None:
        """Put values at the end of the list on top."""
        target = self.top()
        items = target.items if isinstance(target, Record) else target
        if not isinstance(items, list):
            raise CheckpointError(f"no list takes the values at byte {self.stream.position:,}")
        items.extend(values)

    def add(self, values: list[Any]) -> None:
        """Put values into the set on top."""
        target = self.top()
        if not isinstance(target, set):
            raise CheckpointError(f"no set takes the values at byte {self.stream.position:,}")
        target.update(map(hashable, values))

    # --- objects ----------------------------------------------------------------------------------------------------

    def push_global(self, module: Any, name: Any) -> None:
        """Push the name of a class or function."""
        if not (isinstance(module, str) and isinstance(name, str) and len(module) + len(name) <= MAX_NAME):
            raise CheckpointError(f"no name of a class stands before byte {self.stream.position:,}")
        self.push(Global(module, name))

    def call(self, function: Any, args: Any, kwargs: Any = None) -> None:
        """Push what a call is known to give, or a record of it. Nothing is called."""
        if not isinstance(function, Global) or not isinstance(args, tuple) or not isinstance(kwargs or {}, dict):
            raise CheckpointError(f"something without a name is called before byte {self.stream.position:,}")
        meaning = self.meanings.get((function.module, function.name))
        if meaning is None:
            self.push(Record(function.module, function.name, args, dict(kwargs or {})))
            return
        try:
            self.push(meaning(self.budget, args))
        except CheckpointError as error:
            name = clip(literal(str(function)), 100)
            raise CheckpointError(f"{name} before byte {self.stream.position:,}: {error}") from None

    def build(self, state: Any) -> None:
        """Give the object on top its state."""
        target = self.top()
        if isinstance(target, Record) and target.state is None:
            target.state = state
        elif hasattr(target, "take_state"):
            target.take_state(self.budget, state)
        elif not isinstance(target, dict):  # a dictionary's attributes, such as the version notes of torch, are dropped
            raise CheckpointError(f"{type(target).__name__} before byte {self.stream.position:,} has no state to take")

    def push_persistent(self, reference: Any) -> None:
        """Push what a reference to outside of the stream stands for."""
        if self.persistent is None:
            raise CheckpointError(f"it refers to something outside of itself before byte {self.stream.position:,}")
        self.push(self.persistent(reference))

    def begin(self) -> None:
        """Read the number of the protocol."""
        protocol = self.stream.number(1)
        if protocol > HIGHEST_PROTOCOL:
            raise CheckpointError(f"it is of pickle protocol {protocol}, which does not exist yet")

    def frame(self) -> None:
        """Read the length of a frame, which means nothing when all is in memory."""
        length = self.stream.number(8)
        if length > self.stream.rest:
            raise CheckpointError(f"it ends too early: a frame of {length:,} bytes begins at {self.stream.position:,}")


def hashable(key: Any) -> Any:
    """Return a key of a dictionary or set. Raises CheckpointError unless it is text or a number of ordinary size."""
    if not isinstance(key, _KEYS) or (isinstance(key, int) and abs(key) >= 2**64):
        raise CheckpointError("a dictionary has a key that is neither text nor an ordinary number")
    return key
