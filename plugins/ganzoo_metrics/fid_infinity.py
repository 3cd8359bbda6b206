"""Frechet distance for infinitely many generated images, extrapolated from as many as there are and from half of them.

The bias by the reference's own count remains: extrapolation is in the number of generated images only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from ganzoo import Display, Estimate, GanzooError, Metric, MetricInput
from ganzoo.scoring import by_subject, influence_estimate
from ganzoo_metrics.fid import covariance_root, distance, distance_of_halves, influences
from ganzoo_metrics.sensitivity import measured

REFERENCE_BIAS = "the reference's own bias by its count remains"

_IMAGES_PER_FEATURE = 2  # so that halves still have full rank; below, the distance is no line in 1 / n


class FrechetDistanceInfinity(Metric):
    """Frechet distance as infinitely many generated images would have it; the reference's own bias remains.

    The distance is nearly a line in 1 / n. Where the paper fits one through 15 random subsets, this takes the line
    through all n images and the mean of two halves of them: what one image contributes cancels between halves, so the
    error is hardly larger than that of the distance itself.

    Paper: Chong and Forsyth 2020, arXiv:1911.07023.
    """

    name = "fid-infinity"
    values: ClassVar[Mapping[str, Display]] = {"fid_infinity": Display("FD∞", published="FID∞")}
    reads = ("pooled",)
    published_features = "inception-v3-2015-pool"
    images_per_feature = _IMAGES_PER_FEATURE
    sensitivity = measured("fid_infinity")

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        rank = min(width, generated, reference)
        return 16.0 * (generated + reference) * width**2 + 100.0 * rank**3

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        generated, reference = data.generated, data.reference
        found = frechet_distance_infinity(
            generated["pooled"], reference["pooled"], subjects=reference.subjects, fake_subjects=generated.subjects
        )
        return {"fid_infinity": found}


def frechet_distance_infinity(
    fakes: Tensor, reals: Tensor, *, subjects: Tensor | None = None, fake_subjects: Tensor | None = None
) -> Estimate:
    """Return 2 d(n) - d(n / 2) of features `[n, d]` and `[m, d]`: where the line through both meets 1 / n = 0.

    Raises:
        GanzooError: There are fewer than two fakes for each feature.
    """
    count, width = fakes.shape
    if count < _IMAGES_PER_FEATURE * width:
        raise GanzooError(
            f"needs {_IMAGES_PER_FEATURE * width:,} generated images for {width:,} features, but there are {count:,}; "
            f"raise scoring.generated"
        )
    fakes, reals = fakes.double(), reals.double()
    projected = fakes @ covariance_root(reals).T
    value = 2 * distance(fakes, projected, reals) - distance_of_halves(fakes, projected, reals)
    made, real = influences(fakes, projected, reals)
    made, real = 2 * (made - made.mean()), 2 * (real - real.mean())
    for part in (0, 1):
        half = slice(part, None, 2)
        theirs, against = influences(fakes[half], projected[half], reals)
        made[half] -= theirs - theirs.mean()
        real -= (against - against.mean()) / 2
    return influence_estimate(
        value, by_subject(made, fake_subjects), by_subject(real, subjects), notes=(REFERENCE_BIAS,)
    )
