"""The progressive discriminator: logits at any resolution, and a fade between two of them."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from ganzoo.layers import ProgressiveCritic

NONE = torch.zeros(4, 0)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("options", [{}, {"blur": (1, 2, 1)}, {"widening": "first"}, {"from_rgb_activation": "none"}])
@torch.no_grad()
def test_a_block_that_begins_to_fade_in_changes_nothing(options):
    critic = ProgressiveCritic(16, 3, 0, 64, 8, **options)
    small = torch.randn(4, 3, 8, 8)
    critic.grow(8, 1.0)
    before = critic(small, NONE)
    critic.grow(16, 0.0)
    after = critic(interpolate(small, scale_factor=2.0, mode="nearest"), NONE)
    torch.testing.assert_close(after, before)


@torch.no_grad()
def test_features_of_the_newest_block_and_of_the_images_halved_are_mixed_by_alpha():
    critic, images = ProgressiveCritic(8, 1, 0, 64, 8), torch.randn(4, 1, 8, 8)
    critic.grow(8, 0.25)
    block = critic.blocks["8"](torch.nn.functional.leaky_relu(critic.from_rgb["8"](images), 0.2))
    read = torch.nn.functional.leaky_relu(critic.from_rgb["4"](avg_pool2d(images, 2)), 0.2)
    expected = critic.head(0.25 * block + 0.75 * read).squeeze(1)
    torch.testing.assert_close(critic(images, NONE), expected)


@torch.no_grad()
def test_with_classes_the_logit_is_the_score_of_the_images_own():
    critic, images = ProgressiveCritic(8, 1, 3, 64, 8), torch.randn(4, 1, 8, 8)
    scores = torch.stack([critic(images, torch.eye(3)[[label] * 4]) for label in range(3)], dim=1)
    own = torch.tensor([2, 0, 1, 2])
    torch.testing.assert_close(critic(images, torch.eye(3)[own]), scores[torch.arange(4), own])
