"""Safetensors: a header of names, types and places, then the numbers; nothing in it could be executed."""

from __future__ import annotations

import json

from safetensors.torch import load

from ganzoo.errors import CheckpointError
from ganzoo.interchange.records import Record
from ganzoo.text import clip, literal

MODULE, NAME = "safetensors", "file"
_PREFIX = 8  # bytes of the header's length
_METADATA = "__metadata__"


def is_safetensors(data: bytes) -> bool:
    """Whether it begins as such a file: a length, then a JSON object."""
    return data[_PREFIX : _PREFIX + 2] in (b'{"', b"{}", b"{ ") and int.from_bytes(data[:_PREFIX], "little") < 2**40


def read_safetensors(data: bytes) -> Record:
    """Return a record of tensors in `mapping` and text metadata in `state`.

    The header can ask for no more memory than the file has: the numbers must fill the rest of it without a gap.

    Raises:
        CheckpointError: It is cut off or damaged.
    """
    length = int.from_bytes(data[:_PREFIX], "little")
    if length > len(data) - _PREFIX:
        raise CheckpointError(f"it is a safetensors file that ends too early: its header has {length:,} bytes")
    try:
        tensors = load(data)
        header = json.loads(data[_PREFIX : _PREFIX + length])
    except Exception as error:  # SafetensorError, KeyError of a type that torch lacks, RecursionError and more
        reason = clip(literal(" ".join(str(error).split())), 120) or type(error).__name__
        raise CheckpointError(f"it is a damaged safetensors file: {reason}") from None
    found = header.get(_METADATA) if isinstance(header, dict) else None
    metadata = {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
    return Record(MODULE, NAME, state=metadata, mapping=dict(tensors))
