"""NPZ: the arrays of numpy in a zip archive (`np.savez`), as codes without torch save weights; nothing is executed."""

from __future__ import annotations

import ast
import math
import struct
from collections.abc import Callable, Iterable
from typing import Any

from ganzoo.errors import CheckpointError
from ganzoo.interchange.arrays import ArrayShell, DtypeShell, dimensions
from ganzoo.interchange.limits import Budget

SUFFIX = ".npy"
_MAGIC = b"\x93NUMPY"
_LENGTHS = {1: "<H", 2: "<I", 3: "<I"}  # of the header, by the version of the format
_MOST = 10_000  # bytes of a header, as many as numpy itself believes
_KEYS = {"descr", "fortran_order", "shape"}


def is_npz(names: Iterable[str]) -> bool:
    """Whether a zip archive with members of these names is such a file."""
    names = list(names)
    return bool(names) and all(name.endswith(SUFFIX) for name in names)


def read_npz(names: Iterable[str], unpack: Callable[[str], bytes], budget: Budget) -> dict[str, Any]:
    """Return its arrays by their names, which become CPU tensors.

    Raises:
        CheckpointError: An array is damaged, or its header says another size than it has.
    """
    return {name.removesuffix(SUFFIX): _array(unpack(name), budget) for name in names}


def _array(data: bytes, budget: Budget) -> ArrayShell:
    """Return one array. Its size is settled against its bytes before anything of that size is made."""
    version = data[len(_MAGIC)] if len(data) > len(_MAGIC) + 1 else 0
    if not data.startswith(_MAGIC) or version not in _LENGTHS:
        raise CheckpointError("an array of its archive does not begin as arrays of numpy do")
    start = len(_MAGIC) + 2
    size = struct.calcsize(_LENGTHS[version])
    (length,) = struct.unpack(_LENGTHS[version], data[start : start + size].ljust(size, b"\0"))
    header = _header(data[start + size : start + size + length], length)
    shape = dimensions(header["shape"])
    shell, dtype, body = ArrayShell(), DtypeShell(str(header["descr"])), data[start + size + length :]
    if dtype.dtype is not None and len(body) != math.prod(shape) * dtype.dtype.itemsize:
        raise CheckpointError(f"an array of shape {shape} has {len(body):,} bytes")
    shell.take_state(budget, (shape, dtype, header["fortran_order"] is True, body))
    return shell


def _header(text: bytes, length: int) -> dict[str, Any]:
    if length > _MOST or len(text) != length:
        raise CheckpointError("the header of an array is cut off, or too long")
    try:
        found = ast.literal_eval(text.decode("latin-1").strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise CheckpointError("the header of an array is damaged") from error
    if not isinstance(found, dict) or set(found) != _KEYS:
        raise CheckpointError("the header of an array is damaged")
    return found
