"""Labels of NVIDIA's `dataset.json`: `{"labels": [["00000/img00000000.png", 6], ...]}`, or null for none.

Names of classes may stand beside them: `"class_names": ["cat", "dog"]`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO, Any

from ganzoo import DataError
from ganzoo.data import StatedClasses
from ganzoo.text import literal, reason_of

LABELS_FILE = "dataset.json"

_MAX_BYTES = 256 * 2**20
_TRIED = 20  # names by which a prefix is looked for


@dataclass(frozen=True)
class Labels:
    """Labels that a source's label files give to its images, and what is to be said of them.

    Attributes:
        of: Class of images, by key.
        classes: Names, and why labels cannot be used.
    """

    of: dict[str, int] = field(default_factory=dict)
    classes: StatedClasses = field(default_factory=StatedClasses)


@dataclass(frozen=True)
class _Stated:
    """What one file states: the class of each file name, and names of classes."""

    labels: dict[str, int]
    names: tuple[str, ...] = ()


def labels_of(files: Mapping[str, Callable[[], bytes]], keys: Sequence[str], where: str) -> Labels:
    """Return the labels that `dataset.json` files give to images.

    Keys are matched by either slash, relative to the file or to the root, and below a prefix that all share.

    Args:
        files: What reads each file, by its path below the root.
        keys: The images.
        where: What messages call the root.
    """
    found: dict[str, int] = {}
    names: tuple[str, ...] = ()
    stated = 0
    for path, read in files.items():
        name = f"{where}: {literal(path)}"
        try:
            content = parse_labels(BytesIO(read()), name)
        except DataError as error:  # of a tool that calls something else so, perhaps
            return Labels(classes=StatedClasses(complaint=str(error)))
        if not content.labels:
            continue
        matched = _matched(content.labels, keys, str(PurePosixPath(path).parent))
        found |= matched
        names, stated = names or content.names, stated + len(content.labels)
    if not stated or len(found) == len(keys):
        return Labels(found, StatedClasses(names))
    what = " and ".join(literal(path) for path in files)
    here = f"{len(found):,} of which are here" if found else "none of which is here"
    complaint = (
        f"{where}: {what} labels {stated:,} files, {here}: {len(keys) - len(found):,} of the {len(keys):,} images have "
        "no label. The names in it must be paths below the root"
    )
    return Labels(found, StatedClasses(names, complaint))


def parse_labels(file: IO[bytes], name: str) -> _Stated:
    """Return the class of each file name, with forward slashes; empty where the file has none.

    Raises:
        DataError: It is damaged, too large, or its labels are no whole numbers from 0 on.
    """
    data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise DataError(f"{name}: has more than {_MAX_BYTES // 2**20} MiB")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: is damaged: {reason_of(error)}") from error
    pairs = content.get("labels") if isinstance(content, dict) else None
    if not pairs:
        return _Stated({})
    if isinstance(pairs, dict):
        pairs = list(pairs.items())
    labels: dict[str, int] = {}
    for pair in pairs if isinstance(pairs, list) else [pairs]:
        key, label = _checked(pair, name)
        if labels.setdefault(_slashed(key), label) != label:
            raise DataError(f"{name}: gives two labels to {literal(key)!r}")
    names = content.get("class_names")
    named = isinstance(names, list) and all(isinstance(each, str) for each in names)
    return _Stated(labels, tuple(names) if named else ())


def _checked(pair: Any, name: str) -> tuple[str, int]:
    if isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str):
        key, label = pair
        if type(label) is int and label >= 0:
            return key, label
        raise DataError(
            f"{name}: the label of {literal(key)!r} is {literal(str(label)[:60])}, not a class number from 0 on"
        )
    raise DataError(f"{name}: its 'labels' must be a list of [file name, class number]")


def _slashed(path: str) -> str:
    return path.replace("\\", "/").removeprefix("./")


def _matched(labels: dict[str, int], keys: Sequence[str], folder: str) -> dict[str, int]:
    """Return labels by key, of the reading of names that finds the most images."""
    own = "" if folder == "." else f"{folder}/"
    plain = {_slashed(key): key for key in keys if _slashed(key).startswith(own)}
    best: dict[str, int] = {}
    for before, instead in [("", own), ("", ""), *_prefixes(labels, plain)]:
        found = {
            plain[name]: label
            for stated, label in labels.items()
            if stated.startswith(before) and (name := instead + stated[len(before) :]) in plain
        }
        if len(found) > len(best):
            best = found
    return best


def _prefixes(labels: dict[str, int], plain: dict[str, str]) -> list[tuple[str, str]]:
    """Return which beginnings of stated names may stand for which of keys: one is the other below a folder."""
    by_name: dict[str, list[str]] = {}
    for key in plain:
        by_name.setdefault(key.rpartition("/")[2], []).append(key)
    found: dict[tuple[str, str], None] = {}
    for stated in list(labels)[:_TRIED]:
        for key in by_name.get(stated.rpartition("/")[2], [])[:_TRIED]:
            if key.endswith(f"/{stated}"):
                found["", key[: -len(stated)]] = None
            elif stated.endswith(f"/{key}"):
                found[stated[: -len(key)], ""] = None
    return list(found)
