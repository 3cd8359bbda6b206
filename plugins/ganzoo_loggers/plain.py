"""Plain hyper-parameters: a recipe's nested tables as one flat one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PlainValue = str | int | float | bool


def flat(table: Mapping[str, Any]) -> dict[str, PlainValue]:
    """Return `{"training.batch_size": 64, "regularizers.0.gamma": 1.0, ...}`."""
    return dict(_flat("", table))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, PlainValue]]:
    if isinstance(value, Mapping | list | tuple):
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, each in entries:
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), each)
    elif isinstance(value, str | int | float | bool):
        yield prefix, value
