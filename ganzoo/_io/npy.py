"""Arrays in `.npy` files: numbers in, numbers out, and nothing in them is executed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo._io.atomic import atomic_stream
from ganzoo._io.os_errors import shown
from ganzoo._io.regular_file import open_regular
from ganzoo.errors import DataError

_MAGIC = b"\x93NUMPY"


def read_floats(path: Path, shape: Sequence[int | None], what: str) -> Tensor:
    """Read floats as float32; `shape` is what they must have, None where any length will do.

    Raises:
        DataError: There is no such file, it is damaged, or holds something else.
    """
    array = _read(path, what)
    if array.dtype.kind != "f":
        raise DataError(f"{shown(path)} holds {array.dtype}; {what} are floats. Save them with .astype(np.float32).")
    return _as_floats(array, path, shape, what)


def read_labels(path: Path, count: int, classes: int) -> Tensor:
    """Read labels `[count, classes]` as float32: such an array of numbers, or whole class numbers `[count]`.

    Raises:
        DataError: There is no such file, it is damaged, or holds something else.
    """
    array = _read(path, "labels")
    if array.dtype.kind not in "fiub" or (array.ndim == 1 and array.dtype.kind not in "iu"):
        raise DataError(
            f"{shown(path)} holds {array.dtype} of shape {_text(array.shape)}; labels are numbers of shape "
            f"{_text((count, classes))}, or whole class numbers of shape {_text((count,))}."
        )
    if array.ndim != 1:
        return _as_floats(array, path, (count, classes), "labels")
    if len(array) != count:
        raise DataError(f"{shown(path)} has {len(array):,} labels, but there are {count:,} images.")
    if array.min() < 0 or array.max() >= classes:
        raise DataError(
            f"{shown(path)} has classes {array.min()} to {array.max()}, but the network has 0 to {classes - 1}."
        )
    return torch.eye(classes)[torch.from_numpy(array.astype(np.int64))]


@contextmanager
def writing_floats(path: Path, shape: Sequence[int]) -> Iterator[Callable[[Tensor], None]]:
    """Give a function that appends float32 values to a `.npy` file of this shape, kept only once it is whole."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": tuple(shape)})
    with atomic_stream(path, len(header.getvalue()) + 4 * prod(shape)) as write:
        write(header.getvalue())
        yield lambda values: write(values.detach().cpu().contiguous().numpy().astype("<f4").tobytes())


def _read(path: Path, what: str) -> NDArray[Any]:
    """Map a `.npy` file into memory: what its header claims is believed only if the file is as long."""
    try:
        with open(open_regular(path, follow=True), "rb") as file:
            magic = file.read(len(_MAGIC))
        if magic != _MAGIC:
            raise DataError(f"{shown(path)} is no .npy file; save {what} with np.save.")
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)  # noqa: TID251 - mapped: a header cannot ask for memory
    except OSError as error:
        raise DataError(f"{shown(path)} cannot be read: {error.strerror or error}.") from error
    except DataError:
        raise
    except Exception as error:  # numpy parses the header as Python, and says so in many ways
        raise DataError(
            f"{shown(path)} is no usable .npy file: it is damaged or cut off, or holds objects, which are never read."
        ) from error
    if not array.size:
        raise DataError(f"{shown(path)} is empty: its shape is {_text(array.shape)}.")
    return array


def _as_floats(array: NDArray[Any], path: Path, shape: Sequence[int | None], what: str) -> Tensor:
    fits = array.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    if not fits:
        raise DataError(f"{shown(path)} has shape {_text(array.shape)}; {what} have {_text(shape)}.")
    with np.errstate(over="ignore"):
        numbers = torch.from_numpy(np.array(array, dtype=np.float32))  # a copy, so that the file may change
    if not torch.isfinite(numbers).all():
        raise DataError(f"{shown(path)} holds values that are NaN, infinite, or too large for float32.")
    return numbers


def _text(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("any" if side is None else str(side) for side in shape) + "]"
