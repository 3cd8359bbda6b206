"""Copying: whether generated images lie nearer to training images than to real ones that nothing was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from ganzoo import Display, Estimate, Features, Metric, MetricInput
from ganzoo.scoring import influence_estimate
from ganzoo_metrics.neighbors import strips
from ganzoo_metrics.sensitivity import measured

_SEED = 2020


class Copying(Metric):
    """Share of generated images that are nearer to a training image than to any held-out one; 50 % without copying.

    Both sets have equal size, of whole subjects. The error is that of drawing other images; with few subjects either
    set may lie nearer by chance, which `ganzoo explore neighbors` tests. Mirrored copies are not looked for.

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

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {**super().identity(), "sets": "equally many images, whole subjects at random", "seed": _SEED}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        training, held_out = equal_sets(data.reference, data.held_out)
        return {"copying": copying(data.generated["pooled"], training, held_out)}


def copying(fakes: Tensor, training: Tensor, held_out: Tensor) -> Estimate:
    """Return the share of fakes `[n, d]` that are nearer to `training` than to `held_out`; a tie counts half."""
    near, far = (torch.cat([each.amin(1) for each in strips(fakes, reals)]) for reals in (training, held_out))
    votes = (near < far).double() + 0.5 * (near == far).double()
    return influence_estimate(float(votes.mean()), votes)


def equal_sets(training: Features, held_out: Features) -> tuple[Tensor, Tensor]:
    """Return as many features of either, whole subjects in random order until there are enough."""
    size = min(len(training["pooled"]), len(held_out["pooled"]))
    return _of_size(training, size), _of_size(held_out, size)


def _of_size(images: Features, size: int) -> Tensor:
    values = images["pooled"]
    if len(values) == size or images.subjects is None:
        return values[:size]
    # Few images of many subjects would lie nearer to anything than as many of few.
    _, own = torch.unique(images.subjects, return_inverse=True)
    rank = torch.randperm(int(own.max()) + 1, generator=torch.Generator().manual_seed(_SEED))
    return values[rank[own].argsort(stable=True)[:size].sort().values]
