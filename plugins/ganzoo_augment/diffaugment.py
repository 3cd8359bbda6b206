"""DiffAugment: differentiable augmentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganzoo import Augmentation, ComponentOptions, ImageSpec
from ganzoo.layers import per_image, to_device

Step = Literal["color", "translation", "cutout"]


class DiffAugmentOptions(ComponentOptions):
    """What happens, and how far; the defaults are the paper's strongest policy."""

    policy: tuple[Step, ...] = Field(
        default=("color", "translation", "cutout"),
        min_length=1,
        description="Transforms, in this order: `color` changes brightness, saturation and contrast.",
    )
    translation_range: float = Field(default=0.125, ge=0, le=1, description="Longest shift, as a share of the image.")
    cutout_size: float = Field(
        default=0.5, ge=0, le=1, description="Size of the square set to 0, as a share of the image."
    )


class DiffAugment(Augmentation[DiffAugmentOptions]):
    """Random colors, shifts and holes in every image, reals and fakes alike.

    Nothing adapts: all of the policy happens to every image. `color` leaves gray images their saturation, which they
    do not have. No step mirrors or inverts, so all of them suit MRI; a cutout may hide a lesion.

    Paper: Zhao et al., arXiv:2006.10738, section 3.2.
    """

    name = "diffaugment"

    Options = DiffAugmentOptions

    def __init__(self, options: DiffAugmentOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self._steps: dict[Step, Callable[[Tensor], Tensor]] = {
            "color": _color,
            "translation": self._translate,
            "cutout": self._cut_out,
        }

    @classmethod
    def acts_unobserved(cls, options: DiffAugmentOptions) -> bool:
        reaches = {"color": 1.0, "translation": options.translation_range, "cutout": options.cutout_size}
        return any(reaches[step] > 0 for step in options.policy)

    def forward(self, images: Tensor) -> Tensor:
        for step in self.options.policy:
            images = self._steps[step](images)
        return images

    def _translate(self, images: Tensor) -> Tensor:
        """Shift each image by whole pixels; 0 comes in."""
        count, channels, resolution, _ = images.shape
        most = round(resolution * self.options.translation_range)
        # Zeros are gray in [-1, 1], as in the authors' code.
        padded = F.pad(images, (most, most, most, most))
        first = to_device(per_image(lambda n: torch.randint(2 * most + 1, (2, n, 1)), count, 1), images.device)
        rows, columns = first + torch.arange(resolution, device=images.device)
        moved = padded.gather(2, rows[:, None, :, None].expand(-1, channels, -1, padded.shape[3]))
        return moved.gather(3, columns[:, None, None, :].expand(-1, channels, resolution, -1))

    def _cut_out(self, images: Tensor) -> Tensor:
        """Set a square of each image to 0; its center is anywhere, so that part of it may be outside."""
        count, _, resolution, _ = images.shape
        size = round(resolution * self.options.cutout_size)
        # The center may be any pixel, and one beyond for an even size (the authors' DiffAugment_pytorch.py).
        choices = resolution + 1 - size % 2
        drawn = per_image(lambda n: torch.randint(choices, (2, n, 1)), count, 1)
        first = to_device(drawn, images.device) - size // 2
        place = torch.arange(resolution, device=images.device)
        rows, columns = (place >= first) & (place < first + size)
        return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0.0)


def _color(images: Tensor) -> Tensor:
    """Add U(-1/2, 1/2), scale saturation by U(0, 2) and contrast by U(1/2, 3/2), in this order."""
    drawn = per_image(lambda n: torch.rand(3, n, 1, 1, 1), len(images), 1)
    brightness, saturation, contrast = to_device(drawn, images.device, images.dtype)
    # Ranges and order of the authors' code (rand_brightness, rand_saturation, rand_contrast).
    images = images + (brightness - 0.5)
    if images.shape[1] > 1:
        gray = images.mean(dim=1, keepdim=True)
        images = gray + (images - gray) * (2 * saturation)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)
