"""Normalization: against numbers by hand, and differentiable twice."""

from __future__ import annotations

import math

import pytest
import torch

from ganzoo.layers import MinibatchStd, adaptive_instance_norm, instance_norm, pixel_norm


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_pixel_norm_by_hand():
    normed = pixel_norm(torch.tensor([[3.0, 4.0]]))
    torch.testing.assert_close(normed, torch.tensor([[3.0, 4.0]]) / math.sqrt(12.5))
    assert torch.isfinite(pixel_norm(torch.zeros(1, 4))).all()


def test_instance_norm_has_no_mean_and_biased_variance_one():
    normed = instance_norm(torch.randn(2, 3, 5, 7) * 4 + 2)
    torch.testing.assert_close(normed.mean((2, 3)), torch.zeros(2, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(normed.var((2, 3), correction=0), torch.ones(2, 3))


def test_adaptive_instance_norm_is_instance_norm_and_a_style():
    values, scale, shift = torch.randn(2, 3, 4, 4) * 3 + 1, torch.randn(2, 3), torch.randn(2, 3)
    deviation, mean = torch.std_mean(values, dim=(2, 3), correction=0, keepdim=True)
    expected = (values - mean) / deviation * scale[:, :, None, None] + shift[:, :, None, None]
    torch.testing.assert_close(adaptive_instance_norm(values, scale, shift), expected, rtol=1e-4, atol=1e-5)
    half = adaptive_instance_norm(values.bfloat16(), scale, shift)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), expected, rtol=0.05, atol=0.05)


def test_normalizations_are_differentiable_twice():
    torch.manual_seed(0)
    values = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    scale, shift = torch.randn(2, 2, 3, dtype=torch.float64).unbind()
    style = (scale.requires_grad_(), shift.requires_grad_())
    for function, inputs in ((pixel_norm, (values,)), (adaptive_instance_norm, (values, *style))):
        assert torch.autograd.gradcheck(function, inputs, fast_mode=True)
        assert torch.autograd.gradgradcheck(function, inputs, fast_mode=True)


def test_minibatch_std_groups_images_a_stride_apart():
    features = torch.zeros(8, 1, 1, 1)
    features[[0, 2, 4, 6]] = torch.tensor([1.0, 3.0, 1.0, 3.0]).reshape(4, 1, 1, 1)
    appended = MinibatchStd(4)(features)[:, 1].flatten()
    torch.testing.assert_close(appended, torch.tensor([1.0, 1e-4] * 4))


@pytest.mark.parametrize(("count", "group", "used"), [(6, 4, 3), (3, 4, 3), (1, 4, 1), (6, 0, 6)])
def test_minibatch_std_takes_groups_that_divide_the_batch(count, group, used):
    features = torch.randn(count, 2, 4, 4)
    found = MinibatchStd(group)(features)[:, 2, 0, 0]
    grouped = features.reshape(used, count // used, -1).var(0, correction=0)
    torch.testing.assert_close(found, (grouped + 1e-8).sqrt().mean(1).repeat(used))
