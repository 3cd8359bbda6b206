"""MS-SSIM: how alike generated images are to each other, beside how alike real ones are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput, RecipeContext
from ganzoo.scoring import influence_estimate
from ganzoo_metrics.patch_distance import too_small
from ganzoo_metrics.sensitivity import measured

# Wang et al. 2003, doi:10.1109/ACSSC.2003.1292216, section 3.2: exponents of the five scales.
_EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW, _SIGMA = 11, 1.5
_LUMINANCE_FLOOR, _CONTRAST_FLOOR = (0.01 * 255) ** 2, (0.03 * 255) ** 2


class StructuralSimilarity(Metric):
    """Difference between how alike pairs of generated images are and pairs of real ones, by MS-SSIM: collapse.

    The paper gives the mean over generated pairs beside that over real ones; this is how far they are apart. It sees
    neither quality nor a few missing modes.

    Paper: ProGAN, arXiv:1710.10196, section 5, after Odena et al., arXiv:1610.09585.
    """

    name = "ms-ssim"
    values: ClassVar[Mapping[str, Display]] = {"ms_ssim": Display("MS-SSIM gap")}
    reads = ("similarity",)
    describes = ("similarity",)
    sensitivity = measured("ms_ssim")

    @classmethod
    def incompatibility(cls, options: ComponentOptions, context: RecipeContext) -> str | None:
        return too_small(context)

    def shortage(self, generated: int, reference: int) -> str | None:
        least = min(generated, reference)
        return None if least >= 4 else f"needs two pairs of images on either side, but there are {least}; raise counts"

    def images_needed(self) -> int:
        return 500

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return (generated + reference) * width * 6000.0  # as measured

    def describe(self, images: Tensor, first: int) -> Mapping[str, Tensor]:
        """Return how alike each image of even number and the next one are, `[n / 2]`."""
        pairs = images[: len(images) // 2 * 2].float()
        return {"similarity": ms_ssim(pairs[0::2], pairs[1::2])}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        made, real = data.generated["similarity"], data.reference["similarity"]
        gap = float(made.mean() - real.mean())
        notes = ("pairs less alike than real ones",) if gap < 0 else ()
        # The pairs share no image, so that they are independent.
        return {"ms_ssim": influence_estimate(abs(gap), made, notes=notes)}


def ms_ssim(first: Tensor, second: Tensor) -> Tensor:
    """Return the MS-SSIM of pairs of images `[n, C, R, R]` of gray levels 0 to 255, float64 `[n]`.

    Windows are no larger than the image, which small images are at coarse scales. Negative terms count as 0.
    """
    found = torch.ones(len(first), dtype=torch.float64)
    for scale, exponent in enumerate(_EXPONENTS):
        similarity, contrast = _ssim(first, second)
        last = scale == len(_EXPONENTS) - 1
        found *= (similarity if last else contrast).clamp(min=0.0) ** exponent
        if not last:
            first, second = avg_pool2d(first, 2), avg_pool2d(second, 2)
    return found


def _ssim(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return each pair's mean of the whole similarity, and of its part of contrast and structure."""
    size = min(_WINDOW, first.shape[-1])
    mean_1, mean_2, square_1, square_2, product = (
        _windowed(each, size) for each in (first, second, first * first, second * second, first * second)
    )
    covariance = product - mean_1 * mean_2
    variances = square_1 - mean_1.square() + square_2 - mean_2.square()
    contrast = (2 * covariance + _CONTRAST_FLOOR) / (variances + _CONTRAST_FLOOR)
    luminance = (2 * mean_1 * mean_2 + _LUMINANCE_FLOOR) / (mean_1.square() + mean_2.square() + _LUMINANCE_FLOOR)
    return (luminance * contrast).mean((1, 2, 3)), contrast.mean((1, 2, 3))


def _windowed(images: Tensor, size: int) -> Tensor:
    """Return means over Gaussian windows that lie inside, in float64: differences of squares lose digits."""
    sigma = _SIGMA * size / _WINDOW
    places = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    line = torch.exp(-places.square() / (2 * sigma**2))
    line = line / line.sum()
    # As a product of matrices, which is several times as fast as a convolution of single channels.
    inside = images.shape[-1] - size + 1
    window = torch.stack([nn.functional.pad(line, (start, inside - 1 - start)) for start in range(inside)])
    return window @ images.double() @ window.T
