"""Copying: whether generated images lie nearer to training images than to real ones that nothing was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from ganzoo import Display, Estimate, Features, Metric, MetricInput, PlainValue
from ganzoo_metrics.neighbors import strips
from ganzoo_metrics.sensitivity import measured

_SEED = 2020  # any will do, as long as it stays: it chooses which subjects are compared


class Copying(Metric):
    """Share of generated images that are nearer to a training image than to any held-out one; 50 % without copying.

    Both sets have equal size, of whole subjects. Many generated images may have one and the same real image nearest,
    and which set that fell into is chance: the error is that of exchanging subjects between the sets, so that a share
    is suspicious several errors above 50 %. `ganzoo explore neighbors` tests it. Mirrored copies are not looked for.

    Paper: Meehan et al. 2020, arXiv:2004.05675 (the question); Schilling 1986, doi:10.1080/01621459.1986.10478337
    (counting nearest neighbors).
    """

    name = "copying"
    values: ClassVar[Mapping[str, Display]] = {
        "copying": Display("nearer to training", unit="%", scale=100.0, transform="logit")
    }
    reads = ("pooled",)
    uses_held_out = True
    sensitivity = measured("copying")

    def images_needed(self) -> int:
        return 100

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 4.0 * generated * reference * width

    def identity(self) -> Mapping[str, PlainValue]:
        return {**super().identity(), "sets": "equally many images, whole subjects at random", "seed": _SEED}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        training, held_out = equal_sets(data.reference, data.held_out)
        return {"copying": copying(data.generated["pooled"], training, held_out)}


def copying(generated: Tensor, training: Features, held_out: Features) -> Estimate:
    """Return the share of images `[n, d]` that are nearer to `training` than to `held_out`; a tie counts half."""
    near, of_training = _nearest(generated, training["pooled"])
    far, of_held_out = _nearest(generated, held_out["pooled"])
    closer = (near < far).double() + 0.5 * (near == far).double()
    own = _subjects(training), _subjects(held_out)
    first_held_out = int(own[0].max()) + 1
    count = first_held_out + int(own[1].max()) + 1
    votes = torch.zeros(count, dtype=torch.float64)
    # A tie gives half a vote to either.
    votes.index_add_(0, own[0][of_training], closer)
    votes.index_add_(0, first_held_out + own[1][of_held_out], 1 - closer)
    return _exchanged(float(closer.mean()), votes / len(generated), first_held_out)


def _exchanged(value: float, shares: Tensor, of_training: int) -> Estimate:
    """Return the value with its error over random exchanges of subjects between the two sets.

    Each of the N subjects has a share c of the images, and some q N of them, any, are of training: what these have
    varies by q (1 - q) (N sum c^2 - 1) / (N - 1), as the mean of a sample without replacement does. As shares are of
    the n images that were drawn, sum c^2 is larger by 1 / n: the error of drawing other images is in it.
    """
    count, squares = len(shares), shares.square()
    chance = of_training / count
    variance = chance * (1 - chance) * (count * float(squares.sum()) - 1) / (count - 1)
    if variance <= 0:  # all subjects have as many images: nothing is known of their chances
        return Estimate(value)
    degrees = max(1.0, float(squares.sum()) ** 2 / float(squares.square().sum()))  # of a sum of variances, c^2 each
    return Estimate(value, variance**0.5, degrees_of_freedom=degrees, error_unit="subject", subjects=count)


def _nearest(images: Tensor, reals: Tensor) -> tuple[Tensor, Tensor]:
    """Return how far the nearest real of each image is and which one, `[n]` both."""
    found = [distances.min(1) for distances in strips(images, reals)]
    return torch.cat([each.values for each in found]), torch.cat([each.indices for each in found])


def _subjects(images: Features) -> Tensor:
    """Return each image's subject as a number from 0; without subjects each image is its own."""
    if images.subjects is None:
        return torch.arange(len(images["pooled"]))
    return torch.unique(images.subjects, return_inverse=True)[1]


def equal_sets(training: Features, held_out: Features) -> tuple[Features, Features]:
    """Return as many images of either, whole subjects in random order until there are enough."""
    size = min(len(training["pooled"]), len(held_out["pooled"]))
    return _of_size(training, size), _of_size(held_out, size)


def _of_size(images: Features, size: int) -> Features:
    if len(images["pooled"]) == size:
        return images
    if images.subjects is None:
        return Features({"pooled": images["pooled"][:size]})
    # Few images of many subjects would lie nearer to anything than as many of few.
    own = _subjects(images)
    rank = torch.randperm(int(own.max()) + 1, generator=torch.Generator().manual_seed(_SEED))
    chosen = rank[own].argsort(stable=True)[:size].sort().values
    return Features({"pooled": images["pooled"][chosen]}, subjects=images.subjects[chosen])
