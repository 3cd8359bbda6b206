"""Tensors of torch in a pickle stream: views of storages whose bytes come from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganzoo.errors import CheckpointError
from ganzoo.interchange.arrays import dimensions
from ganzoo.interchange.limits import Budget
from ganzoo.interchange.records import Global
from ganzoo.interchange.unpickler import Meaning

_DTYPES = {
    "Float": torch.float32,
    "Double": torch.float64,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
}
STORAGES = {f"{name}Storage": dtype for name, dtype in _DTYPES.items()} | {"UntypedStorage": torch.uint8}
_NAMED_DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in _DTYPES.values()}


class Storage:
    """Numbers in a row; the reader of the file fills in the bytes.

    Args:
        kind: The class that the file names, such as `torch.FloatStorage`.
        count: How many numbers it says to hold.
    """

    def __init__(self, kind: Any, count: Any) -> None:
        name = kind.name if isinstance(kind, Global) and kind.module in ("torch", "torch.cuda", "torch.storage") else ""
        if name not in STORAGES or type(count) is not int or not 0 <= count < 2**40:
            raise CheckpointError("a tensor is of an unknown kind")
        self.dtype, self.count = STORAGES[name], count
        self.data: bytes | None = None
        self._filled: dict[torch.dtype, Tensor] = {}

    @property
    def byte_count(self) -> int:
        """How many bytes it holds."""
        return self.count * self.dtype.itemsize

    def values(self, dtype: torch.dtype) -> Tensor:
        """Return all numbers as a tensor of one dimension."""
        if self.data is None or len(self.data) != self.byte_count or len(self.data) % dtype.itemsize:
            found = 0 if self.data is None else len(self.data)
            raise CheckpointError(f"the numbers of a tensor are {found:,} bytes, not {self.byte_count:,}")
        if dtype not in self._filled:
            data = bytearray(self.data)
            if dtype is torch.bool and set(data) - {0, 1}:
                raise CheckpointError("a tensor of truth values holds others")
            self._filled[dtype] = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
        return self._filled[dtype]

    def settle(self, budget: Budget) -> Tensor:
        """Return the numbers of a storage that stands alone."""
        budget.pay_array(self.byte_count)
        return self.values(self.dtype)


class TensorShell:
    """A tensor: a storage, and how its numbers are laid out there."""

    def __init__(self, storage: Any, offset: Any, size: Any, stride: Any, dtype: torch.dtype | None = None) -> None:
        if not isinstance(storage, Storage):
            raise CheckpointError("a tensor has no numbers")
        self.storage, self.dtype = storage, dtype or storage.dtype
        self.size, self.stride = dimensions(size), dimensions(stride)
        (self.offset,) = dimensions((offset,))
        if len(self.size) != len(self.stride):
            raise CheckpointError("a tensor has an impossible shape")
        self._check_inside(storage.byte_count // self.dtype.itemsize)

    def _check_inside(self, count: int) -> None:
        if 0 in self.size:
            return
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.size, self.stride, strict=True))
        if last >= count:
            raise CheckpointError(f"a tensor of shape {self.size} reaches beyond its {count:,} numbers")

    def settle(self, budget: Budget) -> Tensor:
        """Return the tensor, on the CPU and without gradient."""
        numbers = 1
        for size in self.size:
            numbers *= size
        budget.pay_array(numbers * self.dtype.itemsize)
        if not numbers:
            return torch.empty(self.size, dtype=self.dtype)
        return self.storage.values(self.dtype).as_strided(self.size, self.stride, self.offset)


def _tensor(budget: Budget, args: tuple[Any, ...]) -> TensorShell:
    if not 4 <= len(args) <= 7:
        raise CheckpointError("a tensor is damaged")
    return TensorShell(*args[:4])


def _typed_tensor(budget: Budget, args: tuple[Any, ...]) -> TensorShell:
    """A tensor of a storage without a type."""
    dtype = args[6] if len(args) > 6 else None
    if not isinstance(dtype, Global) or dtype.module != "torch" or dtype.name not in _NAMED_DTYPES:
        raise CheckpointError("a tensor is of an unknown kind")
    storage, offset, size, stride = args[:4]
    return TensorShell(storage, offset, size, stride, _NAMED_DTYPES[dtype.name])


def _parameter(budget: Budget, args: tuple[Any, ...]) -> TensorShell:
    if not args or not isinstance(args[0], TensorShell):
        raise CheckpointError("a parameter is damaged")
    return args[0]


def _subclassed(budget: Budget, args: tuple[Any, ...]) -> TensorShell:
    """A tensor with attributes: the function that rebuilds it, a class, that function's arguments, a state."""
    function, _, inner, _ = args if len(args) == 4 else (None,) * 4
    meaning = TENSOR_MEANINGS.get((function.module, function.name)) if isinstance(function, Global) else None
    if meaning is None or meaning is _subclassed or not isinstance(inner, tuple):
        raise CheckpointError("a tensor is of an unknown kind")
    shell: TensorShell = meaning(budget, inner)
    return shell


TENSOR_MEANINGS: Mapping[tuple[str, str], Meaning] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _typed_tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    ("torch._tensor", "_rebuild_from_type_v2"): _subclassed,
}
