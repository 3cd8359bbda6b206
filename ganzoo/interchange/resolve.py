"""Resolving: the last pass over what a stream described; arrays are filled, and the whole proved finite and small."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ganzoo.errors import CheckpointError
from ganzoo.interchange.arrays import ArrayShell, DtypeShell
from ganzoo.interchange.limits import MAX_NESTING, MAX_NODES, Budget
from ganzoo.interchange.records import Global, Record
from ganzoo.interchange.tensors import Storage, TensorShell

_LEAVES = (str, bytes, int, float, type(None), Global, Tensor, frozenset, set)


class Settling:
    """Fills the shells of one content; shared objects stay shared, objects that contain themselves are refused.

    Args:
        budget: What the content may still use.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._done: dict[int, tuple[Any, Any, int]] = {}  # by id: what it was (kept alive), what it is, its nodes
        self._open: set[int] = set()

    def settle(self, content: Any) -> Any:
        """Return the content with tensors in place of shells.

        Raises:
            CheckpointError: It contains itself, is nested too deeply, or has too many nodes when written out.
        """
        return self._settle(content, 0)[0]

    def _settle(self, value: Any, depth: int) -> tuple[Any, int]:
        if isinstance(value, _LEAVES):
            return value, 1
        key = id(value)
        if key in self._done:
            return self._done[key][1:]
        if key in self._open:
            raise CheckpointError("something in it contains itself")
        if depth > MAX_NESTING:
            raise CheckpointError(f"it is nested more than {MAX_NESTING} levels")
        self._open.add(key)
        settled, nodes = self._inside(value, depth + 1)
        if nodes > MAX_NODES:
            raise CheckpointError(f"written out, it has more than {MAX_NODES:,} parts")
        self._open.remove(key)
        self._done[key] = (value, settled, nodes)
        return settled, nodes

    def _inside(self, value: Any, depth: int) -> tuple[Any, int]:
        if isinstance(value, ArrayShell | TensorShell | Storage):
            return value.settle(self.budget), 1
        if isinstance(value, DtypeShell):
            return Record("numpy", "dtype", (value.code,)), 1
        if isinstance(value, dict):
            return value, self._entries(value, depth)
        if isinstance(value, list):
            return value, self._elements(value, depth)
        if isinstance(value, tuple):
            settled = list(value)
            nodes = self._elements(settled, depth)
            return tuple(settled), nodes
        if isinstance(value, Record):
            return value, self._record(value, depth)
        raise CheckpointError(f"it holds a {type(value).__name__}, which weights do not need")

    def _entries(self, entries: dict[Any, Any], depth: int) -> int:
        nodes = 1
        for key, item in entries.items():
            entries[key], inside = self._settle(item, depth)
            nodes += inside
        return nodes

    def _elements(self, elements: list[Any], depth: int) -> int:
        nodes = 1
        for index, item in enumerate(elements):
            elements[index], inside = self._settle(item, depth)
            nodes += inside
        return nodes

    def _record(self, record: Record, depth: int) -> int:
        record.args, in_args = self._settle(record.args, depth)
        record.kwargs, in_kwargs = self._settle(record.kwargs, depth)
        record.state, in_state = self._settle(record.state, depth)
        return (
            1
            + in_args
            + in_kwargs
            + in_state
            + self._elements(record.items, depth)
            + self._entries(record.mapping, depth)
        )
