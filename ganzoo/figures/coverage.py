"""How much of the data a generator covers: how near it comes to held-out images, beside training images.

A generator that learned the whole distribution comes as near to the ones as to the others; one that comes nearer to
training images has learned these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._random.seeds import seed_for
from ganzoo.contracts.component import PixelArray
from ganzoo.data.pack.pack import PackSplit
from ganzoo.errors import DataError
from ganzoo.figures.memorization_tests import EXCHANGES, HELD_OUT_SPLITS, Integers
from ganzoo.figures.projection import Projection
from ganzoo.figures.real_images import pack_of, training_split


@dataclass(frozen=True)
class Choice:
    """Real images to be projected: those of training first, then as many held-out ones.

    Attributes:
        images: uint8 `[2 N, C, R, R]`.
        names: What they are called: split and number.
        subjects: OpenedGenerator of each, `[2 N]`.
        split: The held-out split.
        facts: Which they are, as plain data.
    """

    images: PixelArray
    names: list[str]
    subjects: Integers
    split: str
    facts: dict[str, Any]


def chosen(subject: OpenedGenerator, count: int, seed: int = 0) -> Choice:
    """Draw `count` training images and as many held-out ones.

    Raises:
        DataError: The data set has no held-out images.
        RefusedError: The run was imported and names no data set.
    """
    pack = pack_of(subject)
    shown = training_split(subject)
    split = next((name for name in HELD_OUT_SPLITS if name in pack.splits and name != shown), None)
    if split is None:
        raise DataError(
            f"data set '{pack.name}' has no held-out images, so there is nothing to compare training images with; "
            f"train with dataset.held_out, such as 0.1"
        )
    splits = {name: pack.split(name) for name in (shown, split)}
    count = min(count, *map(len, splits.values()))
    indices = {name: _drawn(part, count, seed) for name, part in splits.items()}
    return Choice(
        np.concatenate([splits[name].at(rows, subject.resolution) for name, rows in indices.items()]),
        [f"{name} {row}" for name, rows in indices.items() for row in rows],
        np.concatenate([splits[name].subjects[rows] for name, rows in indices.items()]),
        split,
        {"dataset": pack.name, "fingerprint": pack.fingerprint, "held_out_split": split, "images_per_split": count},
    )


def coverage(projection: Projection, choice: Choice, seed: int = 0) -> dict[str, Any]:
    """Return the measure as plain data: mean distances of both halves, their difference, and its p-value.

    The p-value is that of exchanging subjects between the halves at random, one-sided: held-out images are farther
    off than chance allows.
    """
    values = np.asarray(projection.distances)
    half = len(values) // 2
    _, own = np.unique(choice.subjects, return_inverse=True)
    in_training = np.zeros(int(own.max()) + 1, dtype=bool)
    in_training[own[:half]] = True
    rng = np.random.Generator(np.random.Philox(key=seed_for("coverage", seed)))
    observed = values[half:].mean() - values[:half].mean()
    as_far = 0
    for _ in range(EXCHANGES):
        training = rng.permutation(in_training)[own]
        as_far += bool(values[~training].mean() - values[training].mean() >= observed)
    psnr = np.asarray(projection.psnr)
    return {
        **choice.facts,
        "training_mean_distance": float(values[:half].mean()),
        "held_out_mean_distance": float(values[half:].mean()),
        "training_mean_psnr_db": float(psnr[:half].mean()),
        "held_out_mean_psnr_db": float(psnr[half:].mean()),
        "ratio": float(values[half:].mean() / max(values[:half].mean(), 1e-30)),
        "p_held_out_farther": (1 + as_far) / (1 + EXCHANGES),
    }


def _drawn(split: PackSplit, count: int, seed: int) -> Integers:
    rng = np.random.Generator(np.random.Philox(key=seed_for("coverage images", seed)))
    return np.sort(rng.permutation(len(split))[:count]).astype(np.int64)
