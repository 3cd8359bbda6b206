from __future__ import annotations

import pytest
import torch
from torch import nn

from ganzoo.testing import ConformanceError, check_extractor
from ganzoo_features.random import RandomFeatures


class Detached(nn.Module):
    """Features that nothing can be descended by."""

    def forward(self, images):
        return images.flatten(1) * torch.zeros(1)


class Blind(RandomFeatures):
    """Claims a perceptual distance."""

    name = "blind"

    def perceptual(self):
        return Detached()


class Misstated(RandomFeatures):
    """Says other shapes than its maps have."""

    name = "misstated"

    def map_shapes(self, resolution):
        return super().map_shapes(resolution)[::-1]


class Cut(RandomFeatures):
    """Maps without gradients."""

    name = "cut"

    def feature_maps(self):
        network = super().feature_maps()
        network.register_forward_hook(lambda module, given, maps: tuple(each.detach() for each in maps[:1]) + maps[1:])
        return network


class Wordless(RandomFeatures):
    """Names no variant."""

    name = "wordless"

    def variant(self):
        return None


@pytest.mark.parametrize(
    ("cls", "complaint"),
    [
        (Blind, "no usable slope to descend"),
        (Misstated, r"map_shapes says \(channels, side\) .* and its maps have .*; finest first"),
        (Cut, "no usable gradient of map 0 reaches the images: do not detach it"),
        (Wordless, r"variant\(\) must return a word"),
    ],
)
def test_what_an_extractor_claims_is_tried(cls, complaint):
    with pytest.raises(ConformanceError, match=complaint):
        check_extractor(cls)


def test_a_sound_one_passes():
    check_extractor(RandomFeatures)
