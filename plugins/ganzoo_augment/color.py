"""Color transforms: one affine map of the channels per image."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ganzoo.layers import to_device
from ganzoo_augment.draws import Draws
from ganzoo_augment.options import PipeOptions

SWITCHES = ("brightness", "contrast", "luma_flip", "hue", "saturation")
_GRAY = torch.full((3, 3), 1 / 3, dtype=torch.float64)  # projects colors onto the gray axis
_ONE = torch.eye(3, dtype=torch.float64)
_CROSS = torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=torch.float64) / math.sqrt(3)  # gray axis x color


def colors(options: PipeOptions, draws: Draws, channels: int) -> Tensor:
    """Draw a map of colors per image.

    Returns:
        `[N, C, C + 1]` in float64 on the CPU, for `channels` C of 1 or 3: a matrix, and in the last column what is
        added. An image that is left alone has exactly the identity and 0.
    """
    matrix = torch.cat([_ONE, torch.zeros(3, 1, dtype=torch.float64)], dim=1).expand(draws.count, 3, 4)
    if options.brightness:
        # Brightness first, then the linear maps: the order of appendix B.
        shift = draws.normal() * options.brightness_std
        matrix = torch.cat([matrix[..., :3], matrix[..., 3:] + shift[..., None]], dim=2)
    for switch, transform in _ORDER:
        if getattr(options, switch) and (channels > 1 or switch not in _OF_COLORS):
            matrix = transform(options, draws) @ matrix
    return matrix if channels > 1 else _of_gray(matrix)


def recolor(images: Tensor, matrix: Tensor) -> Tensor:
    """Map the colors of images `[N, C, R, R]` by `[N, C, C + 1]`; the result is channels-last."""
    matrix = to_device(matrix, images.device, images.dtype)
    if images.shape[1] == 1:
        gain, shift = matrix[:, :, :1, None], matrix[:, :, 1:, None]
        return images * gain + shift
    # One product per image of all pixels with a 3x3 matrix; its result lies channels-last.
    pixels = images.permute(0, 2, 3, 1).flatten(1, 2)
    mapped = torch.baddbmm(matrix[:, None, :, 3], pixels, matrix[:, :, :3].transpose(1, 2))
    return mapped.reshape(len(images), *images.shape[2:], 3).permute(0, 3, 1, 2)


def _of_gray(matrix: Tensor) -> Tensor:
    """Return what is left of the map `[N, 1, 2]` for images whose three channels are one."""
    # Three equal channels in, and the mean of the three that come out.
    gain = matrix[..., :3].sum(dim=2).mean(dim=1)
    return torch.stack([gain, matrix[..., 3].mean(dim=1)], dim=1)[:, None, :]


def _contrast(options: PipeOptions, draws: Draws) -> Tensor:
    return torch.exp2(draws.normal() * options.contrast_std)[..., None] * _ONE


def _luma_flip(options: PipeOptions, draws: Draws) -> Tensor:
    return _ONE - 2 * draws.integer(2)[..., None] * _GRAY


def _hue(options: PipeOptions, draws: Draws) -> Tensor:
    angle = draws.uniform()[..., None] * math.radians(options.hue_range)
    return _ONE + angle.sin() * _CROSS + (1 - angle.cos()) * (_GRAY - _ONE)  # Rodrigues' formula about the gray axis


def _saturation(options: PipeOptions, draws: Draws) -> Tensor:
    factor = torch.exp2(draws.normal() * options.saturation_std)[..., None]
    return _ONE + (factor - 1) * (_ONE - _GRAY)


_OF_COLORS = ("hue", "saturation")
_ORDER: tuple[tuple[str, Callable[[PipeOptions, Draws], Tensor]], ...] = (
    ("contrast", _contrast),
    ("luma_flip", _luma_flip),
    ("hue", _hue),
    ("saturation", _saturation),
)
