"""ADA: adaptive discriminator augmentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor

from ganzoo import Augmentation, ImageSpec, RecipeContext
from ganzoo_augment.color import SWITCHES, colors, recolor
from ganzoo_augment.draws import Draws
from ganzoo_augment.geometry import inverse
from ganzoo_augment.options import PipeOptions
from ganzoo_augment.resampling import resample


class ADAOptions(PipeOptions):
    """How often; the defaults are the paper's."""

    p: float | None = Field(
        default=None, ge=0, le=1, description="Fixed probability of each transform; absent: adaptive."
    )
    initial_p: NonNegativeFloat = Field(default=0.0, description="Initial value of an adaptive p.")
    # 0.6 is the paper's choice (section 3), 500 kimg and 4 batches the official training_loop.py's.
    target: float = Field(
        default=0.6, ge=-1, le=1, description="Mean sign of the logits of reals that an adaptive p aims at."
    )
    speed_kimg: PositiveFloat = Field(
        default=500.0, description="Thousands of images in which an adaptive p goes from 0 to 1, at the fastest."
    )
    interval: PositiveInt = Field(default=4, description="Batches between two changes of an adaptive p.")


class ADA(Augmentation[ADAOptions]):
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

    p: Tensor
    signs: Tensor
    images: Tensor
    batches: Tensor

    def __init__(self, options: ADAOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.adaptive = options.p is None
        p = torch.tensor(options.initial_p if options.p is None else options.p, device="cpu")
        self._p = float(p)
        self.register_buffer("p", p)
        for count in ("signs", "images", "batches"):
            self.register_buffer(count, torch.zeros((), dtype=torch.int64))
        self.register_load_state_dict_post_hook(_read_p)  # type: ignore[no-untyped-call]

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
        p = 1.0 if images.is_meta else self._p  # a estimate_memory counts the memory of all transforms
        return self.transform(images, Draws(len(images), p)) if p > 0 else images

    def transform(self, images: Tensor, draws: Draws) -> Tensor:
        """Transform images `[N, C, r, r]` by given draws."""
        channels, resolution = images.shape[1:3]
        images = _changed(images, inverse(self.options, draws, resolution), resample)
        if not any(getattr(self.options, switch) for switch in SWITCHES):
            return images
        return _changed(images, colors(self.options, draws, channels), recolor)

    @torch.no_grad()
    def observe(self, real_logits: Tensor) -> None:
        # r_t = E[sign(D(real))] (equation 1): cheaper than a held-out set, and as good a sign of overfitting.
        if not self.adaptive:
            return
        self.signs += real_logits.sign().sum().long()
        self.images += len(real_logits)
        self.batches += 1
        # One transfer for all three: each would wait for the GPU.
        signs, images, batches = torch.stack([self.signs, self.images, self.batches]).tolist()
        if batches < self.options.interval:
            return
        mean = signs / images
        direction = (mean > self.options.target) - (mean < self.options.target)
        # At most `interval` batches' share of the way from 0 to 1; never below 0, and not bounded above (official
        # code).
        p = torch.tensor(self._p + direction * images / (self.options.speed_kimg * 1000)).clamp_min(0)
        self.p.copy_(p)
        self._p = float(p)  # as it was rounded: a resumed run reads the same
        for count in (self.signs, self.images, self.batches):
            count.zero_()

    def report(self) -> Mapping[str, Tensor]:
        return {"p": self.p}


def _read_p(module: ADA, _: object) -> None:
    """Keep p as a number too: asking a GPU for it at every batch would stop it."""
    module._p = float(module.p)


def _changed(images: Tensor, matrix: Tensor, change: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Change only those images whose matrix is not the identity: at a low p, most are left alone."""
    neutral = torch.eye(*matrix.shape[1:], dtype=matrix.dtype)
    chosen = (matrix != neutral).flatten(1).any(dim=1).nonzero().squeeze(1)
    if len(chosen) == 0:
        return images
    if len(chosen) == len(images):
        return change(images, matrix)
    index = chosen.to(images.device, non_blocking=True)
    return images.clone().index_copy_(0, index, change(images[index], matrix[chosen]))  # a clone keeps the layout
