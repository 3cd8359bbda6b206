"""Damage: copies of bytes, and of what is inside of a checkpoint, with faults drawn from a seed."""

from __future__ import annotations

import copy
import random
from typing import Any

import numpy as np
import torch

# --- bytes ----------------------------------------------------------------------------------------------------------


def damaged(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    """Return `data` after one to three kinds of damage."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice((_flipped, _cut, _overwritten, _spliced, _stretched, _emptied, _numbers))(rng, data, donor)
    return data


def _flipped(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    result = bytearray(data)
    reach = rng.choice((len(result), min(len(result), 400)))  # headers are hit more often
    for _ in range(rng.choice((1, 2, 8, 60)) if result else 0):
        result[rng.randrange(reach)] ^= 1 << rng.randrange(8)
    return bytes(result)


def _cut(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _overwritten(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    start, size = rng.randrange(len(data) + 1), rng.choice((1, 4, 8, 64, 4096))
    filling = rng.choice((b"\0" * size, b"\xff" * size, rng.randbytes(size)))
    return data[:start] + filling[: len(data) - start] + data[start + size :]


def _spliced(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)] + donor[rng.randrange(len(donor) + 1) :]


def _stretched(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[max(0, start - rng.randrange(1, 200)) : start] * rng.choice((1, 2, 20)) + data[start:]


def _emptied(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    return b"" if rng.random() < 0.2 else data


def _numbers(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    """Put the numbers in that overflow: sizes and counts."""
    value = rng.choice((0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63, 2**64 - 1))
    size = rng.choice((2, 4, 8))
    start = rng.randrange(min(len(data), 600) + 1)
    number = (value % 2 ** (8 * size)).to_bytes(size, rng.choice(("little", "big")))
    return data[:start] + number + data[start + size :]


# --- content --------------------------------------------------------------------------------------------------------

ODD = (None, True, 0, -1, 1, 2**31, 2**70, 0.0, -1.5, float("nan"), float("inf"), "", "x", b"", [], {}, (), "1" * 5000)


def disturbed(rng: random.Random, content: Any) -> Any:
    """Return a copy of nested containers, objects and arrays with one to three faults inside."""
    content = copy.deepcopy(content)
    for _ in range(rng.choice((1, 1, 2, 3))):
        holders = [each for each in _holders(content) if _keys(each)]
        if holders:
            _disturb(rng, rng.choice(holders))
    return content


def _holders(value: Any) -> list[Any]:
    """Return all that can be changed inside: dictionaries, lists, and the attributes of objects."""
    if isinstance(value, dict):
        return [value, *(inner for each in value.values() for inner in _holders(each))]
    if isinstance(value, list):
        return [value, *(inner for each in value for inner in _holders(each))]
    if isinstance(value, tuple):
        return [inner for each in value for inner in _holders(each)]
    if hasattr(value, "__dict__") and not isinstance(value, torch.Tensor | type):
        return _holders(value.__dict__)
    return []


def _keys(holder: Any) -> list[Any]:
    return list(holder) if isinstance(holder, dict) else list(range(len(holder)))


def _disturb(rng: random.Random, holder: Any) -> None:
    key = rng.choice(_keys(holder))
    kind = rng.randrange(6)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[_renamed(rng, key)] = holder.pop(key)
    elif kind == 2:
        holder[key] = rng.choice(ODD)
    elif kind == 3:
        holder[key] = holder[rng.choice(_keys(holder))]
    else:
        holder[key] = _changed(rng, holder[key])


def _renamed(rng: random.Random, key: Any) -> Any:
    """Return a name with another number in it, or cut, or none at all."""
    if not isinstance(key, str):
        return rng.choice((3, "x", key))
    digits = [place for place, char in enumerate(key) if char.isdigit()]
    if digits and rng.random() < 0.7:
        place = rng.choice(digits)
        return key[:place] + rng.choice(("0", "7", "16", "64", "1024", "1048576", "9" * 30, "-1")) + key[place + 1 :]
    return rng.choice((key[: rng.randrange(len(key) + 1)], key + ".x", key.upper(), "", "\x1b[31m" + key))


def _changed(rng: random.Random, value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return torch.from_numpy(_array(rng, value.numpy()).copy())
    if isinstance(value, np.ndarray | np.generic):
        return _array(rng, np.asarray(value))
    if isinstance(value, int | float):
        return rng.choice((-value, value * 2, value + 1, value * 10**6))
    return rng.choice(ODD)


def _array(rng: random.Random, array: np.ndarray) -> np.ndarray:
    """Return an array of another shape, type or content."""
    changes = (
        lambda: array.reshape(-1),
        lambda: array[None],
        lambda: array.T,
        lambda: array[:0] if array.ndim else array,
        lambda: array[:-1] if array.ndim else array,
        lambda: np.concatenate([array, array]) if array.ndim else array,
        lambda: array.astype("i8"),
        lambda: array.astype("f2"),
        lambda: array.astype("?"),
        lambda: np.full_like(array, rng.choice((np.nan, np.inf, 0, -1e38))),
        lambda: np.zeros(()),
        lambda: np.zeros((1, 0, 3), "f4"),
        lambda: np.zeros((2, 2), "f4"),
    )
    return rng.choice(changes)()
