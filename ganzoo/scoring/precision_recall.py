"""Precision, recall and inception score, with torch-fidelity's definitions, in little memory."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, isc_features_to_metric

from ganzoo.scoring.jackknife import blocks_of, can_leave_out, standard_error
from ganzoo.scoring.metrics import Estimate

_ROWS = 1024


def precision_recall(fakes: Tensor, reals: Tensor, *, neighborhood: int, blocks: int) -> tuple[Estimate, Estimate]:
    """Return the share of fakes within the reals' manifold and of reals within the fakes'.

    A manifold is the union of balls around its points that reach to their k-th neighbor. Distances are taken in
    strips, never all at once.

    Paper: Kynkäänniemi et al. 2019, arXiv:1904.06991.
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


def inception_score(logits: Tensor, *, splits: int, seed: int, blocks: int) -> Estimate:
    """Return exp E KL(p(y|x) || p(y)), the mean over splits of shuffled images.

    Paper: Salimans et al. 2016, arXiv:1606.03498.
    """

    def score_of(part: Tensor) -> float:
        return float(isc_features_to_metric(part, splits, True, seed)[KEY_METRIC_ISC_MEAN])

    error = None
    if can_leave_out(len(logits), blocks) and len(logits) - -(-len(logits) // blocks) >= splits:
        block_of = blocks_of(len(logits), blocks)
        error = standard_error([score_of(logits[block_of != block]) for block in range(blocks)])
    return Estimate(score_of(logits), error)


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
