"""Memorization report: what nearest distances say in one space of features, by the two tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganzoo_figures.memorization_tests import (
    FEWEST_HELD_OUT,
    Floats,
    Integers,
    Nearest,
    copies,
    distances,
    equal_sets,
    nearer_to_training,
    nearest,
)

ASSUMPTIONS = (
    "training and held-out subjects were divided by chance, so that without memorization they are exchangeable",
    "images of different subjects are not copies of each other",
    "ratios of nearest distances of held-out images have an exponential tail on the scale of their logarithm",
)


@dataclass(frozen=True)
class Report:
    """What one kind of distance says.

    Attributes:
        space: `pixels` (root mean square in gray levels) or the extractor's name (Euclidean).
        training: Nearest training image of each sample.
        held_out: Nearest held-out image of each sample; None without such a split.
        p_nearer: P-value of the samples lying nearer to training than to held-out images; None without the latter.
        closer: Share of samples that are nearer to training images, of sets of equal size.
        copies: P-value of each sample being a copy, not corrected, `[N]`; None with too few held-out images.
        set_size: Images in each of the equal sets.
    """

    space: str
    training: Nearest
    held_out: Nearest | None = None
    p_nearer: float | None = None
    closer: float | None = None
    copies: Floats | None = None
    set_size: int = 0

    @property
    def copy_found(self) -> float | None:
        """P-value of the most suspicious sample, corrected for the number of samples."""
        return None if self.copies is None else min(1.0, float(self.copies.min()) * len(self.copies))

    def plain(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "space": self.space,
            "images_per_set": self.set_size,
            "share_nearer_to_training": self.closer,
            "p_nearer_to_training": self.p_nearer,
            "p_copy": self.copy_found,
            "median_distance_to_training": float(np.median(self.training.distance)),
            "median_distance_to_held_out": None if self.held_out is None else float(np.median(self.held_out.distance)),
        }


@dataclass(frozen=True)
class References:
    """Real images of a split in one space.

    Attributes:
        values: `[M, D]`, images in any order; where training mirrors, their mirror images follow, `[2 M, D]`.
        subjects: `[M]`.
        unit: Distances are divided by it.
    """

    values: Tensor
    subjects: Integers
    unit: float = 1.0

    def distances(self, images: Tensor) -> Tensor:
        """Return the distances of images `[N, D]` to each reference or its mirror image, the smaller one: `[N, M]`."""
        table = distances(images, self.values) / self.unit
        return table.view(len(images), -1, len(self.subjects)).amin(dim=1)


def judged(space: str, samples: Tensor, training: References, held_out: References | None, seed: int) -> Report:
    """Judge samples `[N, D]` by their distances to training and held-out images."""
    table = training.distances(samples)
    near = nearest(table, training.subjects)
    if held_out is None:
        return Report(space, near)
    others = held_out.distances(samples)
    ours, theirs = equal_sets(training.subjects, held_out.subjects, seed)
    both = torch.cat([table[:, ours], others[:, theirs]], dim=1)
    voted = both.argmin(dim=1).numpy()
    subjects = np.concatenate([training.subjects[ours], held_out.subjects[theirs]])
    p_nearer = nearer_to_training(voted, subjects, len(ours), seed)
    p_copies = None
    if len(held_out.subjects) >= FEWEST_HELD_OUT:
        plain = held_out.values[: len(held_out.subjects)]
        p_copies = copies(near.ratio, nearest(training.distances(plain), training.subjects).ratio)
    closer = float((voted < len(ours)).mean())
    return Report(space, near, nearest(others, held_out.subjects), p_nearer, closer, p_copies, len(ours))
