"""Convolution: the plain one's numbers, with gradients of gradients."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from ganzoo.layers import convolution, convolve


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


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


def test_a_pointwise_convolution_of_stride_2_is_safe_where_onednn_writes_outside_of_its_memory():
    images = torch.randn(8, 3, 16, 16, requires_grad=True)
    weight = torch.randn(8, 3, 1, 1, requires_grad=True)
    for _ in range(5):
        result = convolve(images.to(memory_format=torch.channels_last), weight, stride=2)
        found = torch.autograd.grad(result.square().sum(), (images, weight))
    exact = F.conv2d(images.double(), weight.double(), stride=2)
    for one, other in zip(found, torch.autograd.grad(exact.square().sum(), (images, weight)), strict=True):
        torch.testing.assert_close(one, other)


def test_convolution_under_autocast_runs_in_half_precision_and_gives_single_precision_gradients():
    images, weight, bias = torch.randn(2, 4, 8, 8), torch.randn(4, 4, 3, 3, requires_grad=True), torch.randn(4)
    with torch.autocast("cpu", torch.bfloat16):
        result = convolve(images, weight, bias, padding=1)
    result.float().sum().backward()
    assert result.dtype == torch.bfloat16
    assert weight.grad.dtype == torch.float32


def test_a_gradient_of_the_images_alone_computes_none_of_the_weights(monkeypatch):
    images, weight = torch.randn(1, 2, 5, 5, requires_grad=True), torch.randn(2, 2, 3, 3, requires_grad=True)
    layer = convolve(convolve(images, weight * 2, padding=1), weight, padding=1)
    computed, kernel = [], convolution._backward
    # The kernel itself, and a note of what it was asked for.
    monkeypatch.setattr(convolution, "_backward", lambda *given: computed.append(given[-1][1]) or kernel(*given))
    (slope,) = torch.autograd.grad(layer.square().sum(), images, create_graph=True)
    assert computed == [False, False]
    # Asked for by name, of a leaf and of what is none, it is the plain one; so is the gradient of the gradient.
    (found,) = torch.autograd.grad(layer.square().sum(), weight, retain_graph=True)
    assert computed[2:] == [True, True]
    plain = F.conv2d(F.conv2d(images, weight * 2, padding=1), weight, padding=1)
    (expected,) = torch.autograd.grad(plain.square().sum(), weight, retain_graph=True)
    torch.testing.assert_close(found, expected)
    (plain_slope,) = torch.autograd.grad(plain.square().sum(), images, create_graph=True)
    for found, expected in zip(
        *(torch.autograd.grad(each.square().sum(), (weight, images)) for each in (slope, plain_slope)), strict=True
    ):
        torch.testing.assert_close(found, expected)
