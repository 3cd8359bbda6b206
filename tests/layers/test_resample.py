"""Resampling: filters, upsampling and downsampling."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from ganzoo.layers import MinibatchStd, downsample, fir_kernel, smooth, upsample
from ganzoo.layers.resample import _StridedFilter

REFERENCE = Path(os.environ.get("GANZOO_REFERENCE", "absent"))
BILINEAR = fir_kernel([1, 3, 3, 1])


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


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


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="GANZOO_REFERENCE is not set")
def test_the_official_operators_are_reproduced():
    stored = {name: torch.from_numpy(array) for name, array in np.load(REFERENCE / "stylegan2_ops.npz").items()}
    torch.testing.assert_close(BILINEAR, stored["resample_filter"])
    for name, resample in (("upsample2d", upsample), ("downsample2d", downsample), ("filter2d", smooth)):
        torch.testing.assert_close(resample(stored["x"], BILINEAR), stored[name], atol=1e-5, rtol=0)
    found = MinibatchStd(4)(stored["minibatch_x"])
    torch.testing.assert_close(found, stored["minibatch_std_group4"], atol=1e-5, rtol=0)


def downsample_as_in_half(images, kernel):
    """The way of half precision, which alone has a derivative written out, in any type."""
    return _StridedFilter.apply(images, kernel.expand(images.shape[1], 1, 4, 4), 1)


@pytest.mark.parametrize("resample", [upsample, downsample, downsample_as_in_half])
def test_resampling_is_differentiated_twice(resample):
    images = torch.randn(1, 2, 6, 6, dtype=torch.float64, requires_grad=True)
    kernel = torch.rand(4, 4, dtype=torch.float64)  # not symmetric
    assert torch.autograd.gradcheck(resample, (images, kernel), fast_mode=True)
    assert torch.autograd.gradgradcheck(resample, (images, kernel), fast_mode=True)


def test_downsampling_is_the_filter_with_every_second_pixel_kept():
    images, kernel = torch.randn(2, 3, 8, 8), torch.rand(4, 4)
    assert torch.allclose(downsample(images, kernel), smooth(images, kernel, padding=(1, 1))[:, :, ::2, ::2], atol=1e-6)
