"""Precision and recall of two sets of features `[n, d]`, with torch-fidelity's definition, in little memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput
from ganzoo.scoring import blocks_of, can_leave_out, standard_error
from ganzoo_metrics.sensitivity import measured

_ROWS = 1024
_FEW_IMAGES = 4096
"""With fewer images the balls are so wide that the count moves both shares more than models do."""


class PrecisionRecallOptions(ComponentOptions):
    """How far the ball around each image reaches."""

    neighborhood: PositiveInt = Field(default=3, description="k of the k-th nearest neighbor that sets the radius.")


class PrecisionRecall(Metric[PrecisionRecallOptions]):
    """Precision (do generated images look real?) and recall (are real images covered?), by nearest neighbors.

    Paper: Kynkäänniemi et al. 2019, arXiv:1904.06991.
    """

    name = "precision-recall"
    values: ClassVar[Mapping[str, Display]] = {
        "precision": Display("precision", lower_is_better=False, transform="logit"),
        "recall": Display("recall", lower_is_better=False, transform="logit"),
    }
    reads = ("pooled",)
    published_features = "vgg16-fc2"
    sensitivity = measured("precision", "recall")

    Options = PrecisionRecallOptions

    def shortage(self, generated: int, reference: int) -> str | None:
        neighborhood = self.options.neighborhood
        if min(generated, reference) > neighborhood:
            return None
        return (
            f"neighborhood = {neighborhood} needs at least {neighborhood + 1} images on either side, but there are "
            f"{generated} generated and {reference} real images; lower neighborhood, or raise the counts"
        )

    def images_needed(self) -> int:
        return _FEW_IMAGES

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 2.0 * (generated + reference) ** 2 * width

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        precision, recall = precision_recall(
            data.generated["pooled"],
            data.reference["pooled"],
            neighborhood=self.options.neighborhood,
            blocks=data.blocks,
        )
        return {"precision": precision, "recall": recall}


def precision_recall(fakes: Tensor, reals: Tensor, *, neighborhood: int, blocks: int) -> tuple[Estimate, Estimate]:
    """Return the share of fakes within the reals' manifold and of reals within the fakes'.

    A manifold is the union of balls around its points that reach to their k-th neighbor. Distances are taken in
    strips, never all at once.
    """
    real_radius = torch.cat([d.kthvalue(neighborhood + 1).values for d in _strips(reals, reals)])
    block_of = blocks_of(len(fakes), blocks)
    radii = _radii_without(fakes, neighborhood, block_of, blocks)
    inside, covered = [], torch.zeros(blocks + 1, len(reals), dtype=torch.bool)
    start = 0
    for distances in _strips(fakes, reals):
        stop = start + len(distances)
        inside.append((distances <= real_radius).any(1).double())
        for row in range(blocks + 1):
            covered[row] |= (distances <= radii[row, start:stop, None]).any(0)
        start = stop
    precise, recalls = torch.cat(inside), covered.double().mean(1)
    if not can_leave_out(len(fakes), blocks):
        return Estimate(float(precise.mean())), Estimate(float(recalls[-1]))
    left = [precise[block_of != block].mean() for block in range(blocks)]
    return (
        Estimate(float(precise.mean()), standard_error(torch.stack(left))),
        Estimate(float(recalls[-1]), standard_error(recalls[:-1])),
    )


def _strips(a: Tensor, b: Tensor) -> Iterator[Tensor]:
    for start in range(0, len(a), _ROWS):
        yield torch.cdist(a[start : start + _ROWS], b)


def _radii_without(features: Tensor, neighborhood: int, block_of: Tensor, blocks: int) -> Tensor:
    """Return each point's radius without each block and, last, with all: `[blocks + 1, n]`; -1 for those left out.

    Of each point a few more neighbors are kept than needed; in the rare case that leaving a block out removes
    too many of them, the farthest kept one stands in.
    """
    kept = min(len(features), 3 * (neighborhood + 1) + 8)
    radii = torch.empty(blocks + 1, len(features))
    start = 0
    for distances in _strips(features, features):
        stop = start + len(distances)
        near, index = distances.topk(kept, largest=False)
        radii[blocks, start:stop] = near[:, neighborhood]
        for block in range(blocks):
            rank = (block_of[index] != block).cumsum(1)
            place = (rank <= neighborhood).sum(1).clamp(max=kept - 1)
            radii[block, start:stop] = near.gather(1, place[:, None]).squeeze(1)
            radii[block, start:stop][block_of[start:stop] == block] = -1.0
        start = stop
    return radii
