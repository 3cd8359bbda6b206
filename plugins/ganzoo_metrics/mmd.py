"""MMD: squared maximum mean discrepancy of two sets, without bias, and what each image contributes to it.

Paper: Gretton et al. 2012, JMLR 13:723-773, equation 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganzoo import Estimate
from ganzoo.scoring import by_subject, influence_estimate

_ROWS = 1024
Kernel = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Discrepancy:
    """A squared MMD.

    Attributes:
        value: The value, which may be negative.
        generated: Influence of each fake, float64 `[n]`.
        reference: Influence of each real, float64 `[m]`.
    """

    value: float
    generated: Tensor
    reference: Tensor

    def estimate(self, subjects: Tensor | None, fake_subjects: Tensor | None = None) -> Estimate:
        """Return the value with its error, by the subjects of the reals where they are known, `[m]`, and of fakes."""
        generated, reference = by_subject(self.generated, fake_subjects), by_subject(self.reference, subjects)
        return influence_estimate(self.value, generated, reference)


def unbiased_mmd(fakes: Tensor, reals: Tensor, kernel: Kernel) -> Discrepancy:
    """Return the squared MMD of at least two fakes and two reals, `[n, d]` each."""
    fakes, reals = fakes.double(), reals.double()
    ours = (_row_sums(kernel, fakes, fakes) - _diagonal(kernel, fakes)) / (len(fakes) - 1)
    theirs = (_row_sums(kernel, reals, reals) - _diagonal(kernel, reals)) / (len(reals) - 1)
    ours_across = _row_sums(kernel, fakes, reals) / len(reals)
    theirs_across = _row_sums(kernel, reals, fakes) / len(fakes)
    value = float(ours.mean() + theirs.mean() - 2 * ours_across.mean())
    # Hajek's projection of the U-statistic: an image stands in all pairs of its row, at either end.
    generated, reference = (2 * (own - across) for own, across in ((ours, ours_across), (theirs, theirs_across)))
    return Discrepancy(value, generated - generated.mean(), reference - reference.mean())


def _row_sums(kernel: Kernel, a: Tensor, b: Tensor) -> Tensor:
    return torch.cat([kernel(a[start : start + _ROWS], b).sum(1) for start in range(0, len(a), _ROWS)])


def _diagonal(kernel: Kernel, a: Tensor) -> Tensor:
    return torch.cat([kernel(each, each).diagonal() for each in torch.split(a, _ROWS)])
