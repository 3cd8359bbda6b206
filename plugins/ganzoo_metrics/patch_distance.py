"""Patch distance: ProGAN's sliced Wasserstein distance between patches of images at each level of a Laplacian pyramid.

No extractor has a part in it: the finest level sees texture and sharpness, the coarsest the large structures.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field, PositiveInt
from torch import Tensor
from torch.nn.functional import conv2d, pad

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput, PlainValue, RecipeContext
from ganzoo.scoring import blocks_of, can_leave_out, standard_error
from ganzoo_metrics.sensitivity import measured
from ganzoo_metrics.transport import directions, sorted_distance

_COARSEST, _SIDE = 16, 7  # arXiv:1710.10196, section 5: from 16x16 up, 7x7 pixels
_SEED = 2020
_LINES_AT_ONCE = 16
_SORTING = 5500.0  # operations in whose time a number is projected and sorted, as measured
_LINES_OF_ERROR = 16
"""Lines by which the error is estimated: what another draw of images changes is nearly the same on all lines."""


class PatchDistanceOptions(ComponentOptions):
    """How many patches, and lines to compare them on."""

    patches: PositiveInt = Field(default=128, description="Patches of each image at each level.")
    projections: PositiveInt = Field(default=512, description="Number of random directions averaged over.")


class PatchDistance(Metric[PatchDistanceOptions]):
    """Sliced Wasserstein distance of patches at 16x16 up to the full resolution (SWD): mean, coarsest and finest.

    Biased upwards with few patches. Gray images have patches of 49 numbers, color ones of 147.

    Paper: ProGAN, arXiv:1710.10196, section 5.
    """

    name = "swd"
    values: ClassVar[Mapping[str, Display]] = {
        "swd": Display("SWD", unit="×10³", scale=1000.0),
        "swd_coarse": Display("SWD 16x16", unit="×10³", scale=1000.0),
        "swd_fine": Display("SWD finest", unit="×10³", scale=1000.0),
    }
    reads = ("patches",)
    describes = ("patches",)
    sensitivity = measured("swd", "swd_coarse", "swd_fine")

    Options = PatchDistanceOptions

    @classmethod
    def example_options(cls, folder: Path) -> PatchDistanceOptions:
        return PatchDistanceOptions(patches=8, projections=32)

    @classmethod
    def incompatibility(cls, options: PatchDistanceOptions, context: RecipeContext) -> str | None:
        return too_small(context)

    def images_needed(self) -> int:
        return 500

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        images = (generated + reference) * self.options.patches
        lines = self.options.projections + blocks * _LINES_OF_ERROR
        return images * lines * 3 * _SORTING  # about three levels

    def identity(self) -> Mapping[str, PlainValue]:
        return {**super().identity(), "patch": _SIDE, "seed": _SEED}

    def describe(self, images: Tensor, first: int) -> Mapping[str, Tensor]:
        """Return patches `[n, levels, patches, C, 7, 7]`, float32, the coarsest level first."""
        levels = laplacian_pyramid(images.float())
        drawn = [_patches(level, first, number, self.options.patches) for number, level in enumerate(levels)]
        return {"patches": torch.stack(drawn, 1)}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        fakes, reals = data.generated["patches"], data.reference["patches"]
        lines = directions(self.options.projections, fakes[0, 0, 0].numel(), _SEED)
        found = [
            patch_distance(fakes[:, level], reals[:, level], lines, blocks=data.blocks)
            for level in range(fakes.shape[1])
        ]
        mean = sum(value for value, _ in found) / len(found)
        if any(left is None for _, left in found):
            return {key: Estimate(value) for key, value in self._named(mean, [value for value, _ in found]).items()}
        left_out = torch.stack([left for _, left in found if left is not None])
        errors = self._named(standard_error(left_out.mean(0)), [standard_error(each) for each in left_out])
        return {
            key: Estimate(value, errors[key]) for key, value in self._named(mean, [value for value, _ in found]).items()
        }

    @staticmethod
    def _named(mean: float, levels: list[float]) -> dict[str, float]:
        return {"swd": mean, "swd_coarse": levels[0], "swd_fine": levels[-1]}


def too_small(context: RecipeContext) -> str | None:
    """Say that images have no level of 16x16, or None."""
    resolution = context.images.resolution
    if resolution >= _COARSEST:
        return None
    return f"needs images of at least {_COARSEST}x{_COARSEST}, and they are {resolution}x{resolution}; leave it out"


def patch_distance(fakes: Tensor, reals: Tensor, lines: Tensor, *, blocks: int) -> tuple[float, Tensor | None]:
    """Return E_u W_1(u.x, u.y) over patches `[n, p, C, h, w]`, each channel of a set standardized.

    Returns:
        The distance, and the distances without each block of images up to a constant, float64 `[blocks]`, or None.
    """
    total, few = 0.0, lines[:_LINES_OF_ERROR]
    for each in torch.split(lines, _LINES_AT_ONCE):
        ours, theirs = (_projected(each, patches) for patches in (fakes, reals))
        total += float(sorted_distance(ours, theirs, power=1).sum())
    if not can_leave_out(len(fakes), blocks):
        return total / len(lines), None
    block_of, real = blocks_of(len(fakes), blocks), _projected(few, reals)
    left_out = [
        sorted_distance(_projected(few, fakes[block_of != block]), real, power=1).mean() for block in range(blocks)
    ]
    return total / len(lines), torch.stack(left_out)


def _projected(lines: Tensor, patches: Tensor) -> Tensor:
    """Return standardized patches `[n, p, C, h, w]` on lines `[l, C h w]`, sorted: `[l, n p]`."""
    channels = patches.shape[2]
    flat = patches.flatten(0, 1)
    deviation, mean = torch.std_mean(flat, dim=(0, 2, 3), correction=0)
    # A channel that never changes has no patch to compare.
    weights = lines.view(len(lines), channels, -1) / deviation.clamp(min=1e-8)[:, None]
    offset = (weights.sum(2) * mean).sum(1, keepdim=True)
    found = weights.flatten(1) @ flat.flatten(1).T - offset
    return torch.from_numpy(np.sort(found.numpy(), axis=1))  # numpy sorts several times as fast


def laplacian_pyramid(images: Tensor) -> list[Tensor]:
    """Return the levels of float images `[n, C, R, R]`, 16x16 first: what blurring to the next coarser one loses.

    Paper: Burt and Adelson 1983, doi:10.1109/TCOM.1983.1095851.
    """
    levels = [images]
    while levels[-1].shape[-1] > _COARSEST:
        coarser = _blurred(levels[-1], 1.0)[..., ::2, ::2]
        spread = torch.zeros_like(levels[-1])
        spread[..., ::2, ::2] = coarser
        levels[-1] = levels[-1] - _blurred(spread, 4.0)
        levels.append(coarser)
    return levels[::-1]


def _blurred(images: Tensor, gain: float) -> Tensor:
    kernel = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
    weight = (torch.outer(kernel, kernel) * gain).view(1, 1, 5, 5).to(images)
    flat = pad(images.flatten(0, 1)[:, None], (2, 2, 2, 2), mode="reflect")
    return conv2d(flat, weight).view_as(images)


def _patches(images: Tensor, first: int, level: int, count: int) -> Tensor:
    """Return `count` patches of each image, `[n, count, C, 7, 7]`; where they lie depends on the image's number."""
    places = images.shape[-1] - _SIDE + 1
    windows = images.unfold(2, _SIDE, 1).unfold(3, _SIDE, 1)
    found = []
    for number, window in enumerate(windows, first):
        # Raw Philox words: numpy promises those bits for ever.
        words = np.random.Philox(key=[_SEED + level, number]).random_raw(2 * count)
        rows, columns = (torch.from_numpy((each % np.uint64(places)).astype(np.int64)) for each in words.reshape(2, -1))
        found.append(window[:, rows, columns].transpose(0, 1))
    return torch.stack(found)
