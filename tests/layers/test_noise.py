"""Noise maps: one for all channels, new for each image or the same for all."""

from __future__ import annotations

import torch

from ganzoo.layers import add_noise


def test_random_noise_is_of_each_image_and_shared_by_its_channels():
    torch.manual_seed(0)
    features, weight = torch.zeros(3, 2, 64, 64), torch.tensor([1.0, -2.0])
    noisy = add_noise(features, weight, torch.zeros(1, 1, 64, 64), "random")
    torch.testing.assert_close(noisy[:, 1], -2 * noisy[:, 0])
    assert (noisy[0] != noisy[1]).any()
    torch.testing.assert_close(noisy[:, 0].std(), torch.tensor(1.0), rtol=0.05, atol=0)


def test_constant_noise_is_the_map_and_none_adds_nothing():
    features, constant = torch.randn(2, 3, 4, 4), torch.randn(1, 1, 4, 4)
    weight = torch.tensor([0.0, 1.0, 3.0])
    expected = features + weight[:, None, None] * constant
    torch.testing.assert_close(add_noise(features, weight, constant, "constant"), expected)
    assert add_noise(features, weight, constant, "none") is features


def test_noise_keeps_the_type_of_the_features():
    features = torch.randn(1, 2, 4, 4, dtype=torch.bfloat16)
    for mode in ("random", "constant"):
        assert add_noise(features, torch.ones(2), torch.ones(1, 1, 4, 4), mode).dtype == torch.bfloat16
