"""Adaptive strength: a probability that follows how much the discriminator overfits (arXiv:2006.06676, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from typing_extensions import TypeVar

from ganzoo import Augmentation, ComponentOptions, ImageSpec, Scheduled
from ganzoo.layers import HostCopy

# Batches that a GPU may still have before it when p changes; a step is queued while the one before is computed.
_GPU_LAG = 2


class AdaptiveOptions(ComponentOptions):
    """How often something happens to an image; the defaults are the paper's."""

    p: Scheduled[Annotated[float, Field(ge=0, le=1)]] | None = Field(
        default=None, description="Fixed or scheduled probability; absent: adaptive."
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


OptionsT = TypeVar("OptionsT", bound=AdaptiveOptions, default=AdaptiveOptions)


class AdaptiveAugmentation(Augmentation[OptionsT]):
    """An augmentation with a probability p: fixed, scheduled, or adapted to the signs of the logits of reals.

    Every `interval` batches p rises or falls, by `speed_kimg` thousand images from 0 to 1, as the mean sign of the
    discriminator's logits on reals is above or below `target`. p is never below 0; above 1 it acts as 1.

    Paper: Karras et al., arXiv:2006.06676, section 3.
    """

    p: Tensor
    signs: Tensor
    counts: Tensor
    waiting: Tensor

    def __init__(self, options: OptionsT, images: ImageSpec) -> None:
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
    def acts_unobserved(cls, options: OptionsT) -> bool:
        return (options.initial_p if options.p is None else options.p) > 0

    def present_p(self) -> float:
        """Return p as it stands, after its schedule where it has one; known here, so that no GPU is waited for."""
        if self.options.p != self._given:  # a schedule has moved it
            self._given, self._p = self.options.p, _rounded(self.options.p or 0.0)
            self.p.fill_(self._p)
        return self._p

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


def _read_numbers(module: AdaptiveAugmentation, _: object) -> None:
    """Keep p and the counts as numbers too: asking a GPU for them at every batch would stop it."""
    module._p = float(module.p)
    module._images, module._batches = map(int, module.counts.tolist())
    signs, module._awaited_images, module._awaited_batches = map(int, module.waiting.tolist())
    module._awaited = HostCopy(torch.tensor(signs))


def _rounded(p: float) -> float:
    """Return p as its buffer holds it, so that a resumed run reads the same."""
    return float(torch.tensor(p, device="cpu"))
