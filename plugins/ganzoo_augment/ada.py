"""ADA: adaptive discriminator augmentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor

from ganzoo import Augmentation, ImageSpec, RecipeContext, Scheduled
from ganzoo.layers import HostCopy, to_device
from ganzoo_augment.color import SWITCHES, colors, recolor
from ganzoo_augment.draws import Draws
from ganzoo_augment.geometry import inverse
from ganzoo_augment.options import PipeOptions
from ganzoo_augment.resampling import resample

# Batches that a GPU may still have before it when p changes; a step is queued while the one before is computed.
_GPU_LAG = 2


class ADAOptions(PipeOptions):
    """How often; the defaults are the paper's."""

    p: Scheduled[Annotated[float, Field(ge=0, le=1)]] | None = Field(
        default=None, description="Fixed or scheduled probability of each transform; absent: adaptive."
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
    counts: Tensor
    waiting: Tensor

    def __init__(self, options: ADAOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.adaptive = options.p is None
        p = torch.tensor(options.initial_p if options.p is None else options.p, device="cpu")
        self._given, self._p = options.p, float(p)
        self.register_buffer("p", p)
        # Since p last changed: the sum of signs; images and batches. And what p waits for: sum of signs, images,
        # batches until then.
        for name, size in (("signs", ()), ("counts", (2,)), ("waiting", (3,))):
            self.register_buffer(name, torch.zeros(size, dtype=torch.int64))
        self._images = self._batches = self._awaited_images = self._awaited_batches = 0
        self._awaited: HostCopy | None = None
        self.register_load_state_dict_post_hook(_read_numbers)  # type: ignore[no-untyped-call]

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
        if self.options.p != self._given:  # a schedule has moved it
            self._given, self._p = self.options.p, _rounded(self.options.p or 0.0)
            self.p.fill_(self._p)
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
        self._come_closer()
        self.signs += real_logits.sign().sum().long()
        self._images += len(real_logits)
        self._batches += 1
        if self._batches >= self.options.interval:
            # To ask a GPU for the sum now would stop it: p changes some batches later there.
            self._awaited, self._awaited_images = HostCopy(self.signs), self._images
            self._awaited_batches = min(self.lag(real_logits.device), self.options.interval)
            self.waiting[0] = self.signs
            self.signs.zero_()
            self._images = self._batches = 0
            if not self._awaited_batches:
                self._change_p()
        self._write_numbers()

    def lag(self, device: torch.device) -> int:
        """Return how many batches after the last of an interval p changes, where that is on a device."""
        return _GPU_LAG if device.type == "cuda" else 0

    def _come_closer(self) -> None:
        if self._awaited_batches:
            self._awaited_batches -= 1
            if not self._awaited_batches:
                self._change_p()

    def _change_p(self) -> None:
        assert self._awaited is not None
        images = self._awaited_images
        mean = int(self._awaited.wait()) / images
        direction = (mean > self.options.target) - (mean < self.options.target)
        # At most `interval` batches' share of the way from 0 to 1; never below 0, and not bounded above (official
        # code).
        p = torch.tensor(self._p + direction * images / (self.options.speed_kimg * 1000)).clamp_min(0)
        self._p = float(p)  # as it was rounded: a resumed run reads the same
        self.p.fill_(self._p)

    def _write_numbers(self) -> None:
        """Put the numbers that are known here into the buffers that are saved; nothing is asked for."""
        numbers = (self._images, self._batches, self._awaited_images, self._awaited_batches)
        for buffer, number in zip((*self.counts, *self.waiting[1:]), numbers, strict=True):
            buffer.fill_(number)

    def report(self) -> Mapping[str, Tensor]:
        return {"p": self.p}


def _read_numbers(module: ADA, _: object) -> None:
    """Keep p and the counts as numbers too: asking a GPU for them at every batch would stop it."""
    module._p = float(module.p)
    module._images, module._batches = map(int, module.counts.tolist())
    signs, module._awaited_images, module._awaited_batches = map(int, module.waiting.tolist())
    module._awaited = HostCopy(torch.tensor(signs))


def _rounded(p: float) -> float:
    """Return p as its buffer holds it, so that a resumed run reads the same."""
    return float(torch.tensor(p, device="cpu"))


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
