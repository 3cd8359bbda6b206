"""Memorization tests: whether generated images are nearer to training images than chance allows; p-values of distances.

Two questions, since a generator can lie near its training images as a whole, or copy a few of them:

*Nearer to training.* Training and held-out reference sets of equal size; each sample votes for the set that holds its
nearest image. If the generator carries no trace of which images it was trained on, subjects (and all images of each
with them) could be exchanged between the sets: the share of votes for training is compared with what random exchanges
give. Samples may depend on each other in any way. Needs splits that were drawn by chance.

*Copies.* A copy is far nearer to one training image than to those of any other subject. The ratio of the two
distances is compared with the ratios of held-out images to the same training images, which cannot be copies. Beyond
the smallest tenth of these, the negative logarithm of a ratio is taken for exponential, as it is where images lie
evenly in a space of any dimension (Facco et al., arXiv:1803.06992); its mean is estimated, and the p-value is that of
the predictive distribution, so that few held-out images make it larger. Bonferroni's factor covers the samples. Blind
to a training image that stands in the data twice under two subjects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.figures import seed_for

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
EXCHANGES = 9_999
FEWEST_HELD_OUT = 20
_TAIL = 0.1
_SMALLEST_TAIL = 5
_SMALLEST_RATIO = 1e-6
_AT_ONCE = 4096
_BYTES_AT_ONCE = 2**28


@dataclass(frozen=True)
class Nearest:
    """For each of N images, the nearest of a set.

    Attributes:
        index: Which one it is, `[N]`.
        distance: How far, `[N]`.
        ratio: That distance by the one to the nearest image of any other subject, `[N]`; 1 where there is none.
    """

    index: Integers
    distance: Floats
    ratio: Floats


def distances(images: Tensor, references: Tensor) -> Tensor:
    """Return Euclidean distances `[N, M]` between rows `[N, D]` and `[M, D]` of any type, float32.

    Sums are in float64, so that a copy among large numbers has distance 0; of long rows few are converted at a time.
    """
    at_once = max(1, min(_AT_ONCE, _BYTES_AT_ONCE // (8 * images.shape[1])))
    rows = []
    for ours in torch.split(images, at_once):
        wide = ours.double()
        rows.append(
            torch.cat([torch.cdist(wide, block.double()).float() for block in torch.split(references, at_once)], 1)
        )
    return torch.cat(rows)


def nearest(table: Tensor, subjects: Integers) -> Nearest:
    """Return the nearest reference of each row of distances `[N, M]`, the references' subjects being `[M]`."""
    closest, index = table.min(dim=1)
    names = torch.from_numpy(subjects.copy())  # of a pack: mapped for reading alone
    others = torch.where(names[None, :] == names[index][:, None], torch.inf, table.double()).amin(dim=1)
    first, second = closest.double().numpy(), others.numpy()
    apart = np.isfinite(second) & (second > 0)
    ratio = np.where(apart, first / np.where(apart, second, 1.0), 1.0)
    return Nearest(index.numpy(), first, ratio)


def nearer_to_training(voted: Integers, subjects: Integers, count: int, seed: int) -> float:
    """Return the p-value of the samples' votes for training images.

    Args:
        voted: Each sample's nearest image of both sets, `[N]`, held-out images counted on after those of training.
        subjects: Subject of each image of both sets, `[M]`; no subject is in both.
        count: How many of these images are of training.
        seed: Seed of the exchanges.
    """
    _, own = np.unique(subjects, return_inverse=True)
    votes = np.bincount(own[voted], minlength=int(own.max()) + 1)
    in_training = np.zeros(len(votes), dtype=bool)
    in_training[own[:count]] = True
    observed = int((voted < count).sum())
    rng = np.random.Generator(np.random.Philox(key=seed_for("exchanges", seed)))
    of_training = int(in_training.sum())
    as_many = sum(int(votes[rng.permutation(len(votes))[:of_training]].sum()) >= observed for _ in range(EXCHANGES))
    return (1 + as_many) / (1 + EXCHANGES)


def copies(ratios: Floats, held_out: Floats) -> Floats:
    """Return a p-value for each sample's ratio, `[N]`, not yet corrected for their number.

    Args:
        ratios: Ratios of samples, as `Nearest` has them.
        held_out: Ratios of held-out images to the same training images, at least `FEWEST_HELD_OUT`.
    """
    known = np.sort(-np.log(np.maximum(held_out, _SMALLEST_RATIO)))[::-1]
    ours = -np.log(np.maximum(ratios, _SMALLEST_RATIO))
    tail = max(_SMALLEST_TAIL, round(len(known) * _TAIL))
    edge = known[tail]
    mean = max(float((known[:tail] - edge).mean()), 1e-12)
    beyond = tail / len(known) * (1.0 + np.maximum(ours - edge, 0.0) / (tail * mean)) ** -tail
    ranked = (1 + (known[None, :] >= ours[:, None]).sum(axis=1)) / (1 + len(known))
    return np.where(ours > edge, beyond, ranked)


def equal_sets(training: Integers, held_out: Integers, seed: int) -> tuple[Integers, Integers]:
    """Choose as many images of each set, whole subjects in random order until there are enough.

    Args:
        training: Subject of each training image.
        held_out: The same of held-out images.
        seed: Seed of the choice.

    Returns:
        Indices into each set, equally many.
    """
    size = min(len(training), len(held_out))
    return _of_size(training, size, seed), _of_size(held_out, size, seed)


def _of_size(subjects: Integers, size: int, seed: int) -> Integers:
    rng = np.random.Generator(np.random.Philox(key=seed_for("reference sets", seed)))
    _, own = np.unique(subjects, return_inverse=True)
    order = rng.permutation(int(own.max()) + 1)
    return np.sort(np.argsort(order[own], kind="stable")[:size]).astype(np.int64)
