"""Inception score of class logits `[n, classes]`, with torch-fidelity's definition."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, PositiveInt
from torch import Tensor

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput, PlainValue
from ganzoo.scoring import blocks_of, can_leave_out, standard_error
from ganzoo_metrics.sensitivity import measured

_SEED = 2020  # torch-fidelity's own, of the shuffle before the splits
_FEW_IMAGES = 4096
"""With fewer images in each split the entropy over classes is too small, by more than models differ."""


class InceptionScoreOptions(ComponentOptions):
    """In how many parts it is computed."""

    splits: PositiveInt = Field(default=10, description="Number of parts of the images averaged over.")


class InceptionScore(Metric[InceptionScoreOptions]):
    """Inception score: are classes clear in each image and even over all? Compares with no real images.

    Paper: Salimans et al. 2016, arXiv:1606.03498.
    """

    name = "inception-score"
    values: ClassVar[Mapping[str, Display]] = {"inception_score": Display("IS", lower_is_better=False)}
    reads = ("logits",)
    uses_reference = False
    published_features = "inception-v3-2015-logits"
    sensitivity = measured("inception_score")

    Options = InceptionScoreOptions

    def shortage(self, generated: int, reference: int) -> str | None:
        splits = self.options.splits
        if generated >= splits:
            return None
        return (
            f"splits = {splits} needs at least as many images, but {generated} are generated; lower splits, or raise "
            f"scoring.generated"
        )

    def images_needed(self) -> int:
        return _FEW_IMAGES

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 10.0 * generated * width * (1 + blocks)

    def identity(self) -> Mapping[str, PlainValue]:
        return {**super().identity(), "seed": _SEED}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        found = inception_score(data.generated["logits"], splits=self.options.splits, blocks=data.blocks)
        return {"inception_score": found}


def inception_score(logits: Tensor, *, splits: int, blocks: int) -> Estimate:
    """Return exp E KL(p(y|x) || p(y)), the mean over splits of shuffled images."""
    from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, isc_features_to_metric  # imports torchvision: slow

    def score_of(part: Tensor) -> float:
        return float(isc_features_to_metric(part, splits, True, _SEED)[KEY_METRIC_ISC_MEAN])

    error = None
    if can_leave_out(len(logits), blocks) and len(logits) - -(-len(logits) // blocks) >= splits:
        block_of = blocks_of(len(logits), blocks)
        parts = [score_of(logits[block_of != block]) for block in range(blocks)]
        # A class that no image of a part has, to the last bit, makes torch-fidelity's sum 0 times the logarithm of 0.
        error = standard_error(parts) if all(map(math.isfinite, parts)) else None
    return Estimate(score_of(logits), error)
