"""Fused convolutions: the numbers of two operations in one."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import avg_pool2d, conv2d, interpolate

from ganzoo.layers import EqualizedDownConv2d, EqualizedUpConv2d


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_a_fused_doubling_is_nearest_upsampling_and_a_convolution():
    layer, images = EqualizedUpConv2d(5, 7, gain=math.sqrt(2), bias=0.5), torch.randn(2, 5, 6, 6)
    plain = conv2d(interpolate(images, scale_factor=2.0), layer.scaled_weight(), layer.scaled_bias(), padding=1)
    torch.testing.assert_close(layer(images), plain, rtol=1e-5, atol=1e-5)


def test_a_fused_halving_is_a_convolution_and_a_mean():
    layer, images = EqualizedDownConv2d(5, 7, gain=math.sqrt(2), bias=0.5), torch.randn(2, 5, 8, 8)
    plain = avg_pool2d(conv2d(images, layer.scaled_weight(), layer.scaled_bias(), padding=1), 2)
    torch.testing.assert_close(layer(images), plain, rtol=1e-5, atol=1e-5)
