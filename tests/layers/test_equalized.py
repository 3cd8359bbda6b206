"""Equalized layers: their scale at initialization, and what a learning rate multiplier and a gain do."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import leaky_relu

from ganzoo.layers import EqualizedConv2d, EqualizedLinear


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("gain", [math.sqrt(2) / 4, 1.0, math.sqrt(2)])
def test_layers_put_out_their_gain_on_normal_input(gain):
    dense = EqualizedLinear(512, 512, gain=gain)(torch.randn(256, 512))
    convolution = EqualizedConv2d(64, 128, 3, gain=gain)(torch.randn(4, 64, 18, 18))[..., 1:-1, 1:-1]
    for found in (dense, convolution):
        assert found.std().item() == pytest.approx(gain, rel=0.05)


def test_a_learning_rate_multiplier_changes_steps_and_not_outputs():
    torch.manual_seed(1)
    plain = EqualizedLinear(8, 8, bias=0.5)
    torch.manual_seed(1)
    slow = EqualizedLinear(8, 8, bias=0.5, lr_multiplier=0.01)
    latents = torch.randn(4, 8)
    torch.testing.assert_close(slow(latents), plain(latents))
    for layer in (plain, slow):
        layer(latents).sum().backward()
    torch.testing.assert_close(slow.weight.grad, plain.weight.grad * 0.01)
    torch.testing.assert_close(slow.bias.grad, plain.bias.grad * 0.01)


def test_a_folded_activation_gain_scales_the_bias_too():
    torch.manual_seed(1)
    folded = EqualizedConv2d(3, 4, 3, gain=math.sqrt(2), bias=0.3, bias_gain=math.sqrt(2))
    torch.manual_seed(1)
    apart = EqualizedConv2d(3, 4, 3, bias=0.3)
    images = torch.randn(2, 3, 6, 6)
    torch.testing.assert_close(leaky_relu(folded(images), 0.2), leaky_relu(apart(images), 0.2) * math.sqrt(2))
