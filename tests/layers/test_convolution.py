"""Convolution: the plain one's numbers, with gradients of gradients."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from ganzoo.layers import convolve


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


def test_convolution_under_autocast_runs_in_half_precision_and_gives_single_precision_gradients():
    images, weight, bias = torch.randn(2, 4, 8, 8), torch.randn(4, 4, 3, 3, requires_grad=True), torch.randn(4)
    with torch.autocast("cpu", torch.bfloat16):
        result = convolve(images, weight, bias, padding=1)
    result.float().sum().backward()
    assert result.dtype == torch.bfloat16
    assert weight.grad.dtype == torch.float32
