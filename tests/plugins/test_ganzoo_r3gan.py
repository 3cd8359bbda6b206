"""R3GAN's networks: how they begin, and which shapes they refuse."""

from __future__ import annotations

import math

import pytest
import torch
from training_world import recipe_of

from ganzoo import ImageSpec
from ganzoo.errors import RecipeError
from ganzoo_r3gan.generator import R3GANGenerator

WORLD = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 8},
    "discriminator": {"name": "dcgan"},
    "loss": {"name": "logistic"},
}


def test_a_deep_network_begins_as_its_linear_parts():
    # Fix-up initialization: the last weights of each block are zero, the others shrink with the number of blocks.
    options = R3GANGenerator.Options(latent_dim=8, channel_base=1024, channel_max=64, blocks=(3,))
    generator = R3GANGenerator(options, ImageSpec(resolution=16, channels=1))
    latents = torch.randn(4, 8)
    begun = generator(latents, torch.zeros(4, 0))
    assert torch.allclose(generator(2 * latents, torch.zeros(4, 0)), 2 * begun, atol=1e-5)
    assert 0.2 < begun.std() < 5

    first, deep = generator.stages[2][0].mix.weight, 3 * 3
    expected = math.sqrt(2 / 1.04) * deep**-0.25 / math.sqrt(16 * 9)
    assert first.std().item() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"channels": [32, 16]}, "has 3 stages from 4x4 to 16 pixels; channels lists 2: give 3"),
        ({"blocks": [1, 2]}, "blocks lists 2: give 3"),
        ({"cardinality": [4, 2]}, "cardinality lists 2: give 3"),
        (
            {"channels": [32, 24, 16], "cardinality": [4, 2, 3]},
            r"3 groups \(cardinality\) do not divide the 32 channels in a stage of 16",
        ),
        ({"channels": [24, 24, 12]}, "a stage of 12 channels has 24 inside its blocks, which groups of 16"),
    ],
)
def test_shapes_that_do_not_fit_are_refused_with_the_numbers(options, complaint):
    with pytest.raises(RecipeError, match=complaint):
        recipe_of(WORLD, {"generator": {"name": "r3gan"} | options})
