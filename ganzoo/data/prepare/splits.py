"""Splits: whole subjects, chosen by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from ganzoo.contracts.datasets import Item
from ganzoo.data.pack.manifest import SPLITS, IndexArray
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


def assign(
    items: Sequence[Item], tokens: Sequence[str], shares: Mapping[str, float], seed: int = 0, advice: str = ""
) -> IndexArray:
    """Give each image the number of its split in `SPLITS`.

    What the source says stands, for all images of that subject. The other subjects are drawn by their hashes: each
    split gets its share of them, rounded, at least one, and one at least stays for training.

    Args:
        items: The images.
        tokens: Each one's subject.
        shares: Share of the subjects per split other than `train`; 0 and absent are the same.
        seed: Another one draws other subjects.
        advice: What the dataset says of its subjects, for the message that they are too few.

    Raises:
        DataError: A subject stands in two splits, or there are too few subjects.
    """
    stated = _stated_splits(items, tokens)
    free = sorted({token for token in tokens if token not in stated}, key=lambda token: _drawn(token, seed))
    wanted = {name: shares[name] for name in reversed(SPLITS) if shares.get(name)}
    if wanted and free and len(free) <= len(wanted):
        asked = ", ".join(f"{name} = {share:g}" for name, share in wanted.items())
        least = {1: "two", 2: "three"}.get(len(wanted), "four")
        raise DataError(
            f"dataset.{asked.replace('held-out', 'held_out')} needs {least} subjects at least, and there is "
            f"{len(free)}: set it to 0, or add data of another subject{'. ' if advice else ''}{advice}"
        )
    total = len(free)
    for number, (name, share) in enumerate(wanted.items() if free else (), start=1):
        least_left = 1 + len(wanted) - number  # one for training, and one for each split that comes
        count = min(max(round(share * total), 1), len(free) - least_left)
        stated |= dict.fromkeys(free[:count], name)
        free = free[count:]
    return np.array([SPLITS.index(stated.get(token, "train")) for token in tokens], np.int64)


def refuse_early(items: Sequence[Item], shares: Mapping[str, float], seed: int, advice: str) -> None:
    """Raise DataError where splits cannot be made, before any image is read; only where all subjects are stated."""
    if all(item.subject for item in items):
        assign(items, subject_tokens(items, [""] * len(items)), shares, seed, advice)


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
                f"{before!r}: a score on one split would not be independent of the other. Move all images of a "
                "subject to one split"
            )
    return stated


def _drawn(token: str, seed: int) -> str:
    """Return what subjects are drawn by. Seed 0 is the token itself."""
    return hashlib.sha256(f"{_SALT}\0{seed}\0{token}".encode()).hexdigest() if seed else token


def _token(text: str) -> str:
    return hashlib.sha256(f"{_SALT}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
