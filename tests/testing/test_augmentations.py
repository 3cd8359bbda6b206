"""Conformance checks of augmentations catch a part that breaks it, and say which part and what."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from broken_parts import broken, complaint
from torch import nn

from ganzoo import Augmentation
from ganzoo.testing import check_augmentation, check_part

BROKEN: list[Any] = []


class Fading(Augmentation):
    """Weakens images, and more so the surer the discriminator is of the reals."""

    name = "fading"

    def __init__(self, options, images):
        super().__init__(options, images)
        self.register_buffer("strength", torch.tensor(0.9))

    def forward(self, images):
        return images * (self.strength + torch.rand(len(images), 1, 1, 1).to(images) / 10)

    def observe(self, real_logits):
        self.strength *= 1 - real_logits.sigmoid().mean() / 10

    def report(self):
        return {"strength": self.strength}


@broken(BROKEN, r"must have the shape of the images, \[4, 1, 8, 8\], found \[4, 1, 4, 4\]")
class Cropping(Fading):
    def forward(self, images):
        return images[..., ::2, ::2]


@broken(BROKEN, "must be torch.float32, but is torch.float64")
class Widening(Fading):
    def forward(self, images):
        return images.double()


@broken(BROKEN, "changes the images that it is given")
class InPlace(Fading):
    def forward(self, images):
        with torch.no_grad():
            return images.mul_(2)


@broken(BROKEN, "images of 8 pixels become inf or nan")
class Exploding(Fading):
    def forward(self, images):
        return images / 0


@broken(BROKEN, "detach.* cuts it off")
class Detached(Fading):
    def forward(self, images):
        return super().forward(images).detach()


@broken(BROKEN, "no gradient reaches the images")
class Rounding(Fading):
    def forward(self, images):
        return images.round()


class _Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, images):
        return images * 2

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, slope):
        return slope * 2


@broken(BROKEN, "the gradient of a gradient .* failed")
class OnceOnly(Fading):
    def forward(self, images):
        return _Once.apply(images)


@broken(BROKEN, "goes on differently: make all state a buffer")
class Forgetful(Fading):
    def __init__(self, options, images):
        super().__init__(options, images)
        del self.strength
        self.strength = torch.tensor(0.9)


@broken(BROKEN, "goes on differently")
class OwnStream(Fading):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.rng = torch.Generator().manual_seed(0)

    def forward(self, images):
        return images * torch.rand(len(images), 1, 1, 1, generator=self.rng)


@broken(BROKEN, "has parameters that are never trained: gain")
class Trained(Fading):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.gain = nn.Parameter(torch.ones(()))


@broken(BROKEN, "must give scalar tensors")
class Talkative(Fading):
    def report(self):
        return {"strength": 0.5}


def test_one_that_keeps_the_contract():
    check_part(Fading)
    check_augmentation(Fading, Fading.Options())


@pytest.mark.parametrize(("part", "expected"), BROKEN)
def test_a_broken_one_is_told(part, expected):
    part.name = part.__name__.lower()
    with pytest.raises(AssertionError, match=expected):
        check_part(part)
    assert complaint(part).startswith(f"augmentation {part.name!r}")


def test_checking_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    check_part(Fading)
    assert torch.equal(before, torch.get_rng_state())
