"""Arrays of numpy in a pickle stream: what would call numpy is read as plain data, and becomes a CPU tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ganzoo.errors import CheckpointError
from ganzoo.interchange.limits import Budget
from ganzoo.interchange.records import Global, Record
from ganzoo.interchange.unpickler import Meaning

MAX_DIMENSIONS = 16
_NUMBERS = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})
_CORES = ("numpy.core.multiarray", "numpy._core.multiarray")


class DtypeShell:
    """A numpy dtype: its code and its byte order."""

    def __init__(self, code: str) -> None:
        self.order, self.code = (code[:1], code[1:]) if code[:1] in "<>=|" else ("=", code)

    def take_state(self, budget: Budget, state: Any) -> None:
        """Take the byte order from numpy's own state tuple."""
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "=", "|"):
            raise CheckpointError("the type of an array is damaged")
        if any(part is not None for part in state[2:5]):  # fields of a structure
            self.code = "structure"
        self.order = state[1]

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The type; None where it holds no plain numbers."""
        if self.code not in _NUMBERS:
            return None
        return np.dtype(self.code if self.order in "=|" else self.order + self.code)


class ArrayShell:
    """A numpy array whose content comes later in the stream."""

    def __init__(self) -> None:
        self.shape: tuple[int, ...] | None = None
        self.dtype = DtypeShell("f4")
        self.fortran = False
        self.data: Any = b""

    def take_state(self, budget: Budget, state: Any) -> None:
        """Take shape, type, order and bytes from numpy's own state tuple."""
        if self.shape is not None or not isinstance(state, tuple) or len(state) not in (4, 5):
            raise CheckpointError("the state of an array is damaged")
        shape, dtype, fortran, data = state[-4:]
        if not isinstance(dtype, DtypeShell):
            raise CheckpointError("an array has no type")
        self.shape, self.dtype, self.fortran, self.data = dimensions(shape), dtype, bool(fortran), data

    def settle(self, budget: Budget) -> Any:
        """Return the tensor; a record where the array holds no plain numbers."""
        if self.shape is None:
            raise CheckpointError("an array has no content")
        dtype = self.dtype.dtype
        if dtype is None:
            return Record("numpy", "ndarray", (self.shape, self.dtype.code))
        data = raw(budget, self.data)
        expected = math.prod(self.shape) * dtype.itemsize
        if len(data) != expected:
            raise CheckpointError(f"an array of shape {self.shape} has {len(data):,} bytes, not {expected:,}")
        budget.pay_array(expected)
        values = np.frombuffer(data, dtype).reshape(self.shape, order="F" if self.fortran else "C")
        return torch.from_numpy(_signed(values).copy(order="C"))


def _signed(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return native byte order; older torch has no unsigned types but uint8."""
    dtype = values.dtype.newbyteorder("=")
    if dtype.kind == "u" and dtype.itemsize > 1:
        dtype = np.dtype(np.int64)
    return values.astype(dtype)


def dimensions(shape: Any) -> tuple[int, ...]:
    """Return a shape of ordinary size. Raises CheckpointError."""
    fine = isinstance(shape, tuple | list) and len(shape) <= MAX_DIMENSIONS
    if not fine or not all(type(size) is int and 0 <= size < 2**40 for size in shape):
        raise CheckpointError("an array has an impossible shape")
    return tuple(shape)


def raw(budget: Budget, data: Any) -> bytes:
    """Return the bytes of an array; streams of Python 2 hold them as text."""
    if isinstance(data, str):
        budget.pay(len(data))
        try:
            return data.encode("latin-1")
        except UnicodeEncodeError:
            raise CheckpointError("the content of an array is not bytes") from None
    if not isinstance(data, bytes):
        raise CheckpointError("the content of an array is not bytes")
    return data


def _reconstruct(budget: Budget, args: tuple[Any, ...]) -> ArrayShell:
    if not args or not isinstance(args[0], Global) or args[0].name not in ("ndarray", "memmap"):
        raise CheckpointError("an array is of an unknown class")
    return ArrayShell()


def _dtype(budget: Budget, args: tuple[Any, ...]) -> DtypeShell:
    if not args or not isinstance(args[0], str) or len(args[0]) > 16:
        raise CheckpointError("the type of an array is unknown")
    return DtypeShell(args[0])


def _from_buffer(budget: Budget, args: tuple[Any, ...]) -> ArrayShell:
    """What protocol 5 calls: bytes, type, shape, order."""
    if len(args) != 4:
        raise CheckpointError("the state of an array is damaged")
    data, dtype, shape, order = args
    shell = ArrayShell()
    shell.take_state(budget, (shape, dtype, order == "F", data))
    return shell


def _scalar(budget: Budget, args: tuple[Any, ...]) -> Any:
    if len(args) != 2 or not isinstance(args[0], DtypeShell) or args[0].dtype is None:
        raise CheckpointError("a number of numpy is damaged")
    dtype, data = args[0].dtype, raw(budget, args[1])
    if len(data) != dtype.itemsize:
        raise CheckpointError("a number of numpy is damaged")
    return np.frombuffer(data, dtype)[0].item()


ARRAY_MEANINGS: Mapping[tuple[str, str], Meaning] = {
    ("numpy", "dtype"): _dtype,
    **{(core, "_reconstruct"): _reconstruct for core in _CORES},
    **{(core, "scalar"): _scalar for core in _CORES},
    **{(core, "_frombuffer"): _from_buffer for core in ("numpy.core.numeric", "numpy._core.numeric")},
}
