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


class Wordless(RandomFeatures):
    """Names no variant."""

    name = "wordless"

    def variant(self):
        return None


@pytest.mark.parametrize(
    ("cls", "complaint"), [(Blind, "no usable slope to descend"), (Wordless, r"variant\(\) must return a word")]
)
def test_what_an_extractor_claims_is_tried(cls, complaint):
    with pytest.raises(ConformanceError, match=complaint):
        check_extractor(cls)


def test_a_sound_one_passes():
    check_extractor(RandomFeatures)
