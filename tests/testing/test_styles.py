"""The conformance checks of styles, noise inputs and growth catch generators that break them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from broken_parts import broken, complaint

from ganzoo.contracts.capabilities import NoiseInputs, StyleBased
from ganzoo.testing import TinyGrowableGenerator, TinyStyledGenerator, check_part

PARTS: list[Any] = []


def test_the_tiny_one_has_all_capabilities():
    check_part(TinyStyledGenerator)
    assert issubclass(TinyStyledGenerator, StyleBased)
    assert issubclass(TinyStyledGenerator, NoiseInputs)


@broken(PARTS, "forward(z, c) differs from synthesize(map(z, c))")
class OtherSynthesis(TinyStyledGenerator):
    def forward(self, latents, labels):
        return super().forward(latents, labels) + 0.1


@broken(PARTS, "mean_w must return [W] = [6], found [3]")
class WrongMean(TinyStyledGenerator):
    def mean_w(self):
        return self.mean[:3]


@broken(PARTS, "mean_w stays the same while training")
class Untracked(TinyStyledGenerator):
    def mean_w(self):
        return torch.ones(6)


@broken(PARTS, "style_weights must return weights [O, W] with W = 6, found [[6, 3]]")
class TurnedWeights(TinyStyledGenerator):
    def style_weights(self):
        return [(0, self.layers[0].weight[:3].T)]


@broken(PARTS, "style_weights must name a layer for each of the 2 styles, found [0]")
class HalfOfTheWeights(TinyStyledGenerator):
    def style_weights(self):
        return [(0, self.layers[0].weight)]


@broken(PARTS, "noise_resolutions names none, but `use_noise` changes its images")
class HiddenNoise(TinyStyledGenerator):
    def noise_resolutions(self):
        return []

    def use_noise_at(self, modes):
        raise NotImplementedError

    def synthesize(self, styles):
        mode, self.noise = self.noise, "none"
        images = super().synthesize(styles) + self.strengths.sum()
        self.noise = mode
        return images / 2 if mode == "constant" else images


@broken(PARTS, "style_resolutions must return a resolution for each of the 2 styles, found 1")
class OneSide(TinyStyledGenerator):
    def style_resolutions(self):
        return [4]


@broken(PARTS, "outputs must end with the image of synthesize")
class OtherOutputs(TinyStyledGenerator):
    def outputs(self, styles):
        return [torch.zeros_like(self.synthesize(styles))]


@broken(PARTS, "noise_maps names buffers that change no image")
class OtherBuffers(TinyStyledGenerator):
    def noise_maps(self):
        return ["mean"]


@broken(PARTS, "psi 0 gives another image for each latent")
class Remembering(TinyStyledGenerator):
    """Its images depend on the latents that were mapped last."""

    def map(self, latents, labels):
        self.last = latents
        return super().map(latents, labels)

    def synthesize(self, styles):
        return super().synthesize(styles) + 0.1 * self.last.mean(1)[:, None, None, None]


@broken(PARTS, "under `random` noise, with which networks begin, two seeds give the same images")
class Frozen(TinyStyledGenerator):
    """Begins with constant noise."""

    def __init__(self, options, images):
        super().__init__(options, images)
        self.use_noise("constant")


@broken(PARTS, "all images of a batch have the same noise")
class Shared(TinyStyledGenerator):
    def synthesize(self, styles):
        images = super().synthesize(styles) + self.strengths.sum()
        return images if self.noise != "random" else images[:1] + 0 * images


@broken(PARTS, "under `constant` noise, two seeds of the global stream give other images")
class Deaf(TinyStyledGenerator):
    def use_noise(self, mode):
        pass


@broken(PARTS, "under `none` noise, two seeds")
class Noisy(TinyStyledGenerator):
    def use_noise(self, mode):
        super().use_noise("random" if mode == "none" else mode)


@broken(PARTS, "`constant` noise adds nothing")
class Flat(TinyStyledGenerator):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.maps.zero_()


@broken(PARTS, "has other `constant` noise; keep its maps in buffers that are saved")
class Unsaved(TinyStyledGenerator):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.register_buffer("maps", self.maps, persistent=False)


@pytest.mark.parametrize(("part", "expected"), PARTS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_generator_is_told_what_is_wrong(part, expected):
    assert expected in complaint(part)


def test_networks_may_begin_at_8():
    class Later(TinyGrowableGenerator):
        """Knows no 4 pixels of their own; they show through while 8 fade in."""

        def grow(self, resolution, alpha):
            if resolution == 4:
                raise ValueError("begins at 8")
            super().grow(resolution, alpha)

    check_part(Later)
