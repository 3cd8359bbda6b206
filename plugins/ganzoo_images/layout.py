"""Layout of a folder of images: what its folders say of splits and of classes."""

from __future__ import annotations

from collections.abc import Sequence

_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validate",
    "valid": "validate",
    "validate": "validate",
    "validation": "validate",
    "test": "test",
    "testing": "test",
}


def stated_splits(keys: Sequence[str]) -> list[str | None]:
    """Return the split of each path, by its first folder: where all are called so, and one is that of training."""
    tops = {key.partition("/")[0].lower() if "/" in key else "" for key in keys}
    if not (len(tops) > 1 and tops <= set(_SPLITS) and any(_SPLITS[top] == "train" for top in tops)):
        return [None] * len(keys)
    return [_SPLITS[key.partition("/")[0].lower()] for key in keys]


def class_folders(keys: Sequence[str], *, in_splits: bool) -> list[str]:
    """Return the folder that is each path's class, empty where there is none.

    It is the first folder: of its split, where folders are splits, and below the one folder that holds all else.
    """
    rests = [key.partition("/")[2] for key in keys] if in_splits else list(keys)
    while len({_top(rest) for rest in rests}) == 1 and all(rest.count("/") > 1 for rest in rests):
        rests = [rest.partition("/")[2] for rest in rests]
    return [_top(rest) for rest in rests]


def _top(path: str) -> str:
    return path.partition("/")[0] if "/" in path else ""
