"""Influences: the standard error of a value from what each image contributes to it.

The influence of an image is the derivative of the value with respect to that image's weight, times the number of
images; a mean has the influences x_i - mean, and any smooth value is, to first order, its expectation plus the mean
of such influences. So one pass gives the error that leaving out one image at a time would give: the infinitesimal
jackknife (Jaeckel 1972; Efron 1982, "The Jackknife, the Bootstrap and Other Resampling Plans", chapter 6). Blocks of
images left out are too few to see heavy tails and rare modes (`benchmarks/error_bars.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ganzoo.contracts.metric_values import Estimate

_FEWEST_IMAGES = 20  # with fewer neither spread nor tail of the influences can be seen
_FEWEST_DEGREES = 3.0  # Student's interval is so wide below that it says nothing
_Z = 1.959964  # 97.5 % quantile of the normal distribution


@dataclass(frozen=True)
class SubjectInfluences:
    """What each image of a set contributes, `[m]`, and the number of the subject of each, int64 `[m]`."""

    influences: Tensor
    subjects: Tensor


def known_subjects(subjects: Tensor | None) -> Tensor | None:
    """Return the subjects' numbers where they are known; None where images stand alone, as their own subjects.

    Copies of one picture are one subject too, so a few that are shared do not make subjects known.
    """
    if subjects is None or not len(subjects):
        return None
    count = len(torch.unique(subjects))
    return subjects if 2 <= count <= len(subjects) / 2 else None


def by_subject(influences: Tensor, subjects: Tensor | None) -> Tensor | SubjectInfluences:
    """Return influences by subject where subjects are known (see `known_subjects`), else as they are."""
    known = known_subjects(subjects)
    return influences if known is None else SubjectInfluences(influences, known)


def influence_estimate(
    value: float,
    generated: Tensor | SubjectInfluences,
    reference: Tensor | SubjectInfluences | None = None,
    *,
    notes: tuple[str, ...] = (),
    bias: float | None = None,
) -> Estimate:
    """Return the value with its standard error and the degrees of freedom that its interval should have.

    Args:
        value: The value.
        generated: Influence of each generated image, `[n]`; their mean is taken off. By subject where real images
            stand in for generated ones and their subjects are known.
        reference: Those of the reference. By subject, the error is that of other generated images and of other
            subjects together; else they are left out, and it is of other generated images for this very reference.
        notes: What a reader must know.
        bias: How far it is expected to lie above that of infinitely many generated images.
    """
    parts = [_by_image(generated) if isinstance(generated, Tensor) else _by_subject(generated)]
    subjects = None
    if isinstance(reference, SubjectInfluences):
        parts.append(_by_subject(reference))
        subjects = len(torch.unique(reference.subjects))
    known = [part for part in parts if part is not None]
    variance = sum(part.variance for part in known)
    if len(known) < len(parts) or not variance > 0:  # what does not vary to first order may yet vary
        return Estimate(value, notes=notes, bias=bias)
    # Welch and Satterthwaite: degrees of freedom of a sum of variances.
    degrees = variance**2 / sum(part.variance**2 / part.degrees_of_freedom for part in known)
    unit: Literal["image", "subject"] = "image" if subjects is None else "subject"
    return Estimate(value, math.sqrt(variance), notes, degrees, unit, subjects, bias)


@dataclass(frozen=True)
class _Part:
    """The variance that one set of images brings along."""

    variance: float
    degrees_of_freedom: float


def _by_image(influences: Tensor) -> _Part | None:
    count = len(influences)
    if count < _FEWEST_IMAGES:
        return None
    centered = influences.double() - influences.double().mean()
    return _Part(float(centered.square().sum()) / (count * (count - 1)), _degrees_of_freedom(centered))


def _by_subject(theirs: SubjectInfluences) -> _Part | None:
    """Return the variance of drawing other subjects: to first order, that of leaving out one at a time."""
    influences = theirs.influences.double()
    _, number = torch.unique(theirs.subjects, return_inverse=True)
    count = int(number.max()) + 1
    if count < 2:
        return None
    sums = torch.zeros(count, dtype=torch.float64).index_add_(0, number, influences - influences.mean())
    return _Part(float((sums / len(influences)).square().sum()) * count / (count - 1), count - 1.0)


def _degrees_of_freedom(centered: Tensor) -> float:
    """Return the degrees of freedom with which Student's interval covers as it should despite skewness and tails.

    Two ways in which an interval from n influences fails; the worse one counts. The variance itself varies, by
    (kurtosis - 1) / n of its square, as that of a chi-square with 2n / (kurtosis - 1) degrees of freedom. And value
    and error rise together where influences are skewed: Edgeworth's expansion of Student's statistic (Hall 1992, "The
    Bootstrap and Edgeworth Expansion", section 2.6) takes from the two-sided coverage what these degrees give back.
    """
    count, square = len(centered), float(centered.square().mean())
    if square <= 0:
        return float(count - 1)
    skewness = float(centered.pow(3).mean()) / square**1.5
    kurtosis = float(centered.pow(4).mean()) / square**2
    z2 = _Z**2
    edgeworth = 1 + (
        2 * skewness**2 * (z2**2 + 2 * z2 - 3) / (9 * (z2 + 1)) - (kurtosis - 3) * (z2 - 3) / (3 * (z2 + 1))
    )
    return max(_FEWEST_DEGREES, min(count - 1.0, count / max((kurtosis - 1) / 2, edgeworth)))


def student_quantile(degrees: float) -> float:
    """Return the 97.5 % quantile of Student's t, to 0.5 % for three and more degrees of freedom.

    Source: Cornish and Fisher's expansion in 1 / degrees (Abramowitz and Stegun 1964, 26.7.5).
    """
    z = _Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / degrees**power for power, term in enumerate(terms, start=1))


def interval(value: float, standard_error: float, degrees: float, *, log: bool) -> tuple[float, float]:
    """Return the 95 % interval of a value: on the log scale for a positive distance, where it exceeds three errors."""
    half = student_quantile(degrees) * standard_error
    if log and value > 3 * standard_error:
        factor = math.exp(half / value)
        return value / factor, value * factor
    return value - half, value + half
