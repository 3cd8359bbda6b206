"""The building blocks of networks: initial scales, filters, normalization, all against numbers by hand."""

from __future__ import annotations

import math
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torch.nn.functional import interpolate, leaky_relu

from ganzoo.layers import (
    EqualizedConv2d,
    EqualizedLinear,
    MappingNetwork,
    MinibatchStd,
    adaptive_instance_norm,
    base_and_max,
    channels_at,
    convolve,
    downsample,
    fir_kernel,
    instance_norm,
    pixel_norm,
    resolutions,
    smooth,
    upsample,
)

REFERENCE = Path(os.environ.get("GANZOO_REFERENCE", "absent"))
BILINEAR = fir_kernel([1, 3, 3, 1])


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


def test_a_filter_keeps_a_constant_away_from_the_border():
    flat = torch.full((1, 2, 8, 8), 0.7)
    for taps in ([1, 2, 1], [1, 3, 3, 1]):
        kernel = fir_kernel(taps)
        for found in (smooth(flat, kernel), upsample(flat, kernel), downsample(flat, kernel)):
            torch.testing.assert_close(found[..., 2:-2, 2:-2], torch.full_like(found[..., 2:-2, 2:-2], 0.7))


def test_upsampling_by_1331_is_bilinear_away_from_the_border():
    images = torch.randn(1, 2, 6, 6)
    expected = interpolate(images, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(upsample(images, BILINEAR)[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1])


def test_upsampling_by_a_box_repeats_pixels_and_downsampling_averages():
    images = torch.randn(2, 3, 4, 4)
    box = fir_kernel([1, 1])
    torch.testing.assert_close(upsample(images, box), interpolate(images, scale_factor=2.0))
    torch.testing.assert_close(downsample(upsample(images, box), box), images)


@pytest.mark.parametrize("taps", [[1, 2, 1], [1, 3, 3, 1], [1, 1]])
def test_filters_are_differentiable_twice(taps):
    kernel = fir_kernel(taps).double()
    images = torch.randn(1, 2, 4, 4, dtype=torch.double, requires_grad=True)
    for resample in (smooth, upsample, downsample):
        assert torch.autograd.gradgradcheck(lambda x, r=resample: r(x, kernel).square(), images)


@pytest.mark.parametrize("labels", ["joint", "separate"])
def test_a_mapping_starts_at_unit_scale_and_uses_labels(labels):
    mapping = MappingNetwork(64, 3, 32, 2, labels=labels)
    latents = torch.randn(512, 64)
    first, second = (mapping(latents, torch.eye(3)[[index] * 512]) for index in (0, 1))
    assert first.shape == (512, 32)
    assert first.square().mean().sqrt().item() == pytest.approx(1.0, rel=0.35)
    assert not torch.allclose(first, second)


def test_widths():
    assert resolutions(32) == [4, 8, 16, 32]
    assert [channels_at(side, 16384, 512) for side in (4, 32, 64, 1024)] == [512, 512, 256, 16]


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="GANZOO_REFERENCE is not set")
def test_the_official_operators_are_reproduced():
    stored = {name: torch.from_numpy(array) for name, array in np.load(REFERENCE / "stylegan2_ops.npz").items()}
    torch.testing.assert_close(BILINEAR, stored["resample_filter"])
    for name, resample in (("upsample2d", upsample), ("downsample2d", downsample), ("filter2d", smooth)):
        torch.testing.assert_close(resample(stored["x"], BILINEAR), stored[name], atol=1e-5, rtol=0)
    found = MinibatchStd(4)(stored["minibatch_x"])
    torch.testing.assert_close(found, stored["minibatch_std_group4"], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("transposed", "stride", "padding", "groups"),
    [(False, 1, 1, 1), (False, 2, 0, 1), (True, 2, 0, 1), (True, 1, 1, 1), (False, 1, 1, 4)],
)
def test_convolution_is_the_plain_one_and_is_differentiated_twice(transposed, stride, padding, groups):
    double = {"dtype": torch.float64, "requires_grad": True}
    inputs = torch.randn(2, 4, 5, 5, **double), torch.randn(4, 4 // groups, 3, 3, **double), torch.randn(4, **double)
    plain = F.conv_transpose2d if transposed else F.conv2d
    how = {"stride": stride, "padding": padding, "groups": groups}
    assert torch.equal(convolve(*inputs, transposed=transposed, **how), plain(*inputs, **how))
    call = partial(convolve, transposed=transposed, **how)
    assert torch.autograd.gradcheck(call, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(call, inputs, fast_mode=True)


@pytest.mark.parametrize("resample", [upsample, downsample])
def test_resampling_is_differentiated_twice(resample):
    images = torch.randn(1, 2, 6, 6, dtype=torch.float64, requires_grad=True)
    kernel = torch.rand(4, 4, dtype=torch.float64)  # not symmetric
    assert torch.autograd.gradcheck(resample, (images, kernel), fast_mode=True)
    assert torch.autograd.gradgradcheck(resample, (images, kernel), fast_mode=True)


def test_downsampling_is_the_filter_with_every_second_pixel_kept():
    images, kernel = torch.randn(2, 3, 8, 8), torch.rand(4, 4)
    assert torch.allclose(downsample(images, kernel), smooth(images, kernel, padding=(1, 1))[:, :, ::2, ::2], atol=1e-6)


def test_convolution_under_autocast_runs_in_half_precision_and_gives_single_precision_gradients():
    images, weight, bias = torch.randn(2, 4, 8, 8), torch.randn(4, 4, 3, 3, requires_grad=True), torch.randn(4)
    with torch.autocast("cpu", torch.bfloat16):
        result = convolve(images, weight, bias, padding=1)
    result.float().sum().backward()
    assert result.dtype == torch.bfloat16
    assert weight.grad.dtype == torch.float32


@pytest.mark.parametrize(("base", "highest"), [(16384, 512), (1000, 512), (16, 8), (16, 512), (3, 2), (100, 24)])
def test_the_rule_of_widths_is_found_from_its_channels(base, highest):
    widths = {each: channels_at(each, base, highest) for each in resolutions(64)}
    found = base_and_max(widths)
    assert found is not None
    assert {side: channels_at(side, *found) for side in widths} == widths


def test_channels_of_no_rule_have_none():
    assert base_and_max({4: 8, 8: 3, 16: 5}) is None
