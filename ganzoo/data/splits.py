"""Which image belongs to which split: whole subjects, chosen by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from ganzoo.contracts import Item
from ganzoo.data.manifest import SPLITS, IndexArray
from ganzoo.errors import DataError
from ganzoo.text import literal

_SALT = "ganzoo-subject-1"


def subject_tokens(items: Sequence[Item], digests: Sequence[str]) -> list[str]:
    """Return an opaque name of each image's subject.

    An image that stands alone is its own subject, known by its pixels: copies of one picture stay together.
    """
    return [
        _token(f"subject\0{item.subject}" if item.subject else f"image\0{digest}")
        for item, digest in zip(items, digests, strict=True)
    ]


def assign(items: Sequence[Item], tokens: Sequence[str], held_out: float) -> IndexArray:
    """Give each image the number of its split in `SPLITS`.

    What the source says stands, for all images of that subject. Of the other subjects, those with the smallest
    hashes are held out: `held_out` of them, rounded, at least one if any are asked for, never all.

    Raises:
        DataError: A subject stands in two splits, or there are too few subjects to hold one out.
    """
    stated = _stated_splits(items, tokens)
    free = sorted({token for token in tokens if token not in stated})
    if held_out and free:
        if len(free) < 2:
            raise DataError(
                f"dataset.held_out = {held_out} needs two subjects at least, and there is {len(free)}: "
                "set it to 0, or add data of another subject"
            )
        count = min(max(round(held_out * len(free)), 1), len(free) - 1)
        stated |= dict.fromkeys(free[:count], "held-out")
    return np.array([SPLITS.index(stated.get(token, "train")) for token in tokens], np.int64)


def subject_numbers(tokens: Sequence[str]) -> IndexArray:
    """Number the subjects; the numbers say which images belong together and nothing else."""
    return np.unique(np.array(tokens), return_inverse=True)[1].astype(np.int64)


def _stated_splits(items: Sequence[Item], tokens: Sequence[str]) -> dict[str, str]:
    stated: dict[str, str] = {}
    for item, token in zip(items, tokens, strict=True):
        if item.split is None:
            continue
        before = stated.setdefault(token, item.split)
        if before != item.split and item.subject:
            raise DataError(
                f"{literal(item.key)!r} is in split {item.split!r}, but other images of the same subject are in "
                f"{before!r}: what is learned from one would show in scores on the other. Move all images of a "
                "subject to one split"
            )
    return stated


def _token(text: str) -> str:
    return hashlib.sha256(f"{_SALT}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
