"""Labels of NVIDIA's `dataset.json`: `{"labels": [["00000/img00000000.png", 6], ...]}`, or null for none."""

from __future__ import annotations

import json
from typing import IO, Any

from ganzoo import DataError

LABELS_FILE = "dataset.json"

_MAX_BYTES = 256 * 2**20


def parse_labels(file: IO[bytes], name: str) -> dict[str, int]:
    """Return the class of each file name; empty where the file has none.

    Raises:
        DataError: It is damaged, too large, or its labels are no whole numbers from 0 on.
    """
    data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise DataError(f"{name}: has more than {_MAX_BYTES // 2**20} MiB")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: is damaged: {error}") from error
    pairs = content.get("labels") if isinstance(content, dict) else None
    if not pairs:
        return {}
    if isinstance(pairs, dict):
        pairs = list(pairs.items())
    labels: dict[str, int] = {}
    for pair in pairs if isinstance(pairs, list) else [pairs]:
        key, label = _checked(pair, name)
        if labels.setdefault(key, label) != label:
            raise DataError(f"{name}: gives two labels to {key!r}")
    return labels


def _checked(pair: Any, name: str) -> tuple[str, int]:
    if isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str):
        key, label = pair
        if type(label) is int and label >= 0:
            return key, label
        raise DataError(f"{name}: the label of {key!r} is {str(label)[:60]}, not a class number from 0 on")
    raise DataError(f"{name}: its 'labels' must be a list of [file name, class number]")
