"""Containers and text that pickle streams make by a call: dictionaries of a kind, sets, bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganzoo.errors import CheckpointError
from ganzoo.interchange.limits import Budget
from ganzoo.interchange.records import Global, Record
from ganzoo.interchange.unpickler import Meaning, hashable

_BUILTINS = ("builtins", "__builtin__")
_DICTIONARIES = (("collections", "OrderedDict"), ("dnnlib.util", "EasyDict"), ("dnnlib", "EasyDict"))


def _dictionary(budget: Budget, args: tuple[Any, ...]) -> dict[Any, Any]:
    """An empty one, or of pairs, as old streams write it."""
    pairs = args[0] if args else []
    if isinstance(pairs, dict):
        pairs = list(pairs.items())
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs
    ):
        raise CheckpointError("a dictionary is damaged")
    budget.pay(16 * len(pairs))
    return {hashable(key): value for key, value in pairs}


def _set(budget: Budget, args: tuple[Any, ...]) -> set[Any]:
    values = args[0] if args else []
    if not isinstance(values, list | tuple | set | frozenset):
        raise CheckpointError("a set is damaged")
    budget.pay(16 * len(values))
    return set(map(hashable, values))


def _encoded(budget: Budget, args: tuple[Any, ...]) -> bytes:
    """Bytes, which protocols before 3 write as text."""
    text, encoding = args if len(args) == 2 else (None, None)
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise CheckpointError("bytes are written in an unknown way")
    budget.pay(len(text))
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise CheckpointError("bytes are written as other text") from None


def _bytes(budget: Budget, args: tuple[Any, ...]) -> bytes:
    if args and isinstance(args[0], str):
        return _encoded(budget, (args[0], "latin1"))
    if args and not isinstance(args[0], bytes):
        raise CheckpointError("bytes are written in an unknown way")
    return args[0] if args else b""


def _size(budget: Budget, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """A shape of torch."""
    if len(args) != 1 or not isinstance(args[0], list | tuple):
        raise CheckpointError("a shape is damaged")
    budget.pay(16 * len(args[0]))
    return tuple(args[0])


def _reconstructed(budget: Budget, args: tuple[Any, ...]) -> Any:
    """An object of protocols 0 and 1: its class, the built-in that it is based on, and that one's content."""
    if len(args) != 3 or not isinstance(args[0], Global):
        raise CheckpointError("an object is damaged")
    cls, _, content = args
    if (cls.module, cls.name) in _DICTIONARIES:
        return _dictionary(budget, (content or {},))
    record = Record(cls.module, cls.name)
    if isinstance(content, dict):
        record.mapping = dict(content)
    elif isinstance(content, list):
        record.items = list(content)
    budget.pay(16 * (len(record.mapping) + len(record.items)))
    return record


CONTAINER_MEANINGS: Mapping[tuple[str, str], Meaning] = {
    **{name: _dictionary for name in _DICTIONARIES},
    **{(module, "set"): _set for module in _BUILTINS},
    **{(module, "bytes"): _bytes for module in _BUILTINS},
    **{(module, "bytearray"): _bytes for module in _BUILTINS},
    ("_codecs", "encode"): _encoded,
    ("torch", "Size"): _size,
    ("copyreg", "_reconstructor"): _reconstructed,
    ("copy_reg", "_reconstructor"): _reconstructed,
}
