"""Principal directions in the space of styles, found without labels: of how styles vary, or of what weights see.

Papers: GANSpace, arXiv:2004.02546, section 2; SeFa, arXiv:2007.06600, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Directions:
    """Directions in w, the most important first.

    Attributes:
        vectors: Orthogonal, of length 1, `[K, W]`; the largest number of each is positive.
        deviations: Deviation of styles along each, `[K]`: the unit of a walk.
        shares: Share of all variance that lies along each (of styles, or of what weights make of any w), `[K]`.
    """

    vectors: Tensor
    deviations: Tensor
    shares: Tensor


def of_styles(styles: Tensor, count: int) -> Directions:
    """Return the principal directions of styles `[M, W]`."""
    centered = styles.double() - styles.double().mean(dim=0)
    return _directions(centered.T @ centered / len(styles), centered, count)


def of_weights(weights: Sequence[Tensor], styles: Tensor, count: int) -> Directions:
    """Return the directions that change most what all layers see, given their weights `[O, W]`.

    They maximize |A n| for A, the weights below each other; `styles` `[M, W]` give the unit of walks alone.
    """
    stacked = torch.cat([weight.detach().double().cpu() for weight in weights])
    centered = styles.double() - styles.double().mean(dim=0)
    return _directions(stacked.T @ stacked, centered, count)


def _directions(symmetric: Tensor, centered: Tensor, count: int) -> Directions:
    values, vectors = torch.linalg.eigh(symmetric)
    vectors = vectors.T.flip(0)[:count]
    largest = vectors.gather(1, vectors.abs().argmax(dim=1, keepdim=True))
    vectors = vectors * largest.sign()
    shares = values.flip(0)[:count].clamp(min=0) / values.clamp(min=0).sum().clamp(min=1e-300)
    deviations = (centered @ vectors.T).square().mean(dim=0).sqrt()
    return Directions(vectors.float(), deviations.float(), shares.float())
