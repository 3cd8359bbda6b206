"""ADA: adaptive discriminator augmentation."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ganzoo import RecipeContext
from ganzoo.layers import to_device
from ganzoo_augment.adaptive import AdaptiveAugmentation, AdaptiveOptions
from ganzoo_augment.color import SWITCHES, colors, recolor
from ganzoo_augment.draws import Draws
from ganzoo_augment.geometry import inverse
from ganzoo_augment.options import PipeOptions
from ganzoo_augment.resampling import resample


class ADAOptions(AdaptiveOptions, PipeOptions):
    """How often, and what; the defaults are the papers'."""


class ADA(AdaptiveAugmentation[ADAOptions]):
    """Random moves, turns and colors of reals and fakes, as often as the discriminator overfits.

    Every transform happens to an image with probability p, the `bgc` pipe of the paper: flips, turns, shifts, scales,
    then colors. Every `interval` batches p rises or falls, by `speed_kimg` thousand images from 0 to 1, as the mean
    sign of the discriminator's logits on reals is above or below `target`. p is never below 0; above 1 it acts as 1.

    What the data do not show must be switched off where the generator would learn it: `x_flip` and `luma_flip` are
    wrong for MRI of knees, whose sides differ and whose tissues have the brightness they have. With losses that fix
    only differences of logits (relativistic, Wasserstein) the sign of a logit means little: set `p` for them.

    Gray images have no hue or saturation, and a luma flip inverts them.

    Paper: Karras et al., arXiv:2006.06676, section 3 and appendix B.
    """

    name = "ada"

    Options = ADAOptions

    @classmethod
    def incompatibility(cls, options: ADAOptions, context: RecipeContext) -> str | None:
        switched_on = [switch for switch in SWITCHES if getattr(options, switch)]
        if context.images.channels in (1, 3) or not switched_on:
            return None
        return (
            f"its color transforms need images of 1 or 3 channels, but these have {context.images.channels}: "
            f"set {' and '.join(f'{switch} = false' for switch in switched_on)}"
        )

    def forward(self, images: Tensor) -> Tensor:
        p = 1.0 if images.is_meta else self.present_p()  # a estimate_memory counts the memory of all transforms
        return self.transform(images, Draws(len(images), p)) if p > 0 else images

    def transform(self, images: Tensor, draws: Draws) -> Tensor:
        """Transform images `[N, C, r, r]` by given draws."""
        channels, resolution = images.shape[1:3]
        images = _changed(images, inverse(self.options, draws, resolution), resample)
        if not any(getattr(self.options, switch) for switch in SWITCHES):
            return images
        return _changed(images, colors(self.options, draws, channels), recolor)


def _changed(images: Tensor, matrix: Tensor, change: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Change only those images whose matrix is not the identity: at a low p, most are left alone.

    On the CPU only they are computed. On a GPU all are and some are thrown away, so that sizes are those of each batch.
    """
    neutral = torch.eye(*matrix.shape[1:], dtype=matrix.dtype)
    is_chosen = (matrix != neutral).flatten(1).any(dim=1)
    if not is_chosen.any():
        return images
    if is_chosen.all():
        return change(images, matrix)
    if images.device.type != "cpu":
        return torch.where(to_device(is_chosen, images.device)[:, None, None, None], change(images, matrix), images)
    chosen = is_chosen.nonzero().squeeze(1)
    return images.clone().index_copy_(0, chosen, change(images[chosen], matrix[chosen]))  # a clone keeps the layout
