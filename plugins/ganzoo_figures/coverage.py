"""Coverage: how near a generator comes to held-out images, beside training images.

A generator that learned the whole distribution comes as near to the ones as to the others; one that comes nearer to
training images has learned these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganzoo import DataError
from ganzoo.data import PackSplit
from ganzoo.figures import OpenedGenerator, Targets, dataset_of, seed_for
from ganzoo_figures.memorization_tests import EXCHANGES, Integers
from ganzoo_figures.projection import Projection


@dataclass(frozen=True)
class RealTargets:
    """Real images to be projected: those of training first, then as many held-out ones.

    Attributes:
        targets: The images, called by split and number, `[2 N, C, R, R]`.
        subjects: Subject of each, `[2 N]`.
        facts: Which they are, as plain data.
    """

    targets: Targets
    subjects: Integers
    facts: dict[str, Any]


def real_targets(generator: OpenedGenerator, count: int, seed: int = 0) -> RealTargets:
    """Draw `count` training images and as many held-out ones.

    Raises:
        DataError: The dataset has no held-out images.
        RefusedError: The run was imported and names no dataset.
    """
    dataset = dataset_of(generator)
    if dataset.held_out is None:
        raise DataError(
            f"dataset '{dataset.pack.name}' has no held-out images, so there is nothing to compare training images "
            f"with; train with dataset.held_out, such as 0.1"
        )
    splits = (dataset.training, dataset.held_out)
    count = min(count, *map(len, splits))
    rows = [_drawn(split, count, seed) for split in splits]
    images = [split.at(each, generator.resolution) for split, each in zip(splits, rows, strict=True)]
    names = [f"{split.name} {row}" for split, each in zip(splits, rows, strict=True) for row in each]
    subjects = np.concatenate([split.subjects[each] for split, each in zip(splits, rows, strict=True)])
    facts = {**dataset.facts, "held_out_split": dataset.held_out.name, "images_per_split": count}
    return RealTargets(Targets(np.concatenate(images), names), subjects, facts)


def coverage(projection: Projection, real: RealTargets, seed: int = 0) -> dict[str, Any]:
    """Return the measure as plain data: mean distances of both halves, their difference, and its p-value.

    The p-value is that of exchanging subjects between the halves at random, one-sided: held-out images are farther
    off than chance allows.
    """
    values = np.asarray(projection.distances)
    half = len(values) // 2
    _, own = np.unique(real.subjects, return_inverse=True)
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
        **real.facts,
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
