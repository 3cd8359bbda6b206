"""Spectral normalization: PyTorch's own parametrization keeps what trainings here ask of it."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo._training.ema import EMA


def largest(layer: nn.Module) -> float:
    """The largest singular value of the weight that a layer computes with."""
    with torch.no_grad():
        weight = layer.weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else layer.weight
        return float(torch.linalg.matrix_norm(weight.flatten(1).double(), 2))


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return spectral_norm(nn.Conv2d(5, 7, 3, padding=1))


MAPS = torch.linspace(-1, 1, 2 * 5 * 4 * 4).sin().view(2, 5, 4, 4)


@pytest.mark.parametrize(
    ("plain", "shape"),
    [
        (nn.Conv2d(5, 7, 3), (2, 5, 4, 4)),
        (nn.ConvTranspose2d(6, 4, 4, 2, 1), (2, 6, 4, 4)),
        (nn.Linear(9, 3, bias=False), (2, 9)),
    ],
    ids=["conv", "transposed", "linear"],
)
def test_it_is_division_by_the_largest_singular_value(plain, shape):
    torch.manual_seed(0)
    weight = plain.weight.detach().clone()
    matrix = (weight.transpose(0, 1) if isinstance(plain, nn.ConvTranspose2d) else weight).flatten(1)
    sigma = torch.linalg.svdvals(matrix)[0]
    layer = spectral_norm(plain)
    for _ in range(100):  # one power iteration each
        layer(torch.zeros(shape))
    torch.testing.assert_close(layer.eval().weight, weight / sigma, rtol=1e-5, atol=1e-6)
    # The gradient is that of the exact norm too: W / |W| does not change along W itself (equation 11 of the paper).
    original = layer.parametrizations.weight.original
    (slope,) = torch.autograd.grad((layer.weight * torch.randn_like(weight)).sum(), original)
    original = original.detach()
    assert abs(float((slope * original).sum())) < 1e-5 * float(slope.norm() * original.norm())


def test_training_moves_its_vectors_and_evaluation_does_not(layer):
    before = copy.deepcopy(layer.state_dict())
    with torch.no_grad():
        layer.eval()(MAPS)
        assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())
        layer.train()(MAPS)
    moved = [name for name, value in layer.state_dict().items() if not torch.equal(value, before[name])]
    assert moved == ["parametrizations.weight.0._u", "parametrizations.weight.0._v"]


def test_copies_and_loaded_ones_go_on_bit_for_bit(layer):
    twin, loaded = copy.deepcopy(layer), spectral_norm(nn.Conv2d(5, 7, 3, padding=1))
    loaded.load_state_dict(layer.state_dict())
    results = [torch.stack([each(MAPS) for _ in range(3)]) for each in (layer, twin, loaded)]
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])


def test_an_average_of_weights_has_a_norm_near_one(layer):
    average = EMA(layer, 0.1)  # of some 6 batches of 16
    optimizer = torch.optim.Adam(layer.parameters(), 1e-3, betas=(0.0, 0.9))
    for step in range(20):
        optimizer.zero_grad()
        (layer(MAPS) - torch.randn(2, 7, 4, 4)).square().mean().backward()
        optimizer.step()
        average.update(16, 16 * step)
    assert not torch.equal(average.network.weight, layer.eval().weight)
    # The vectors are those of the newest weights: what they miss of the average's norm is of second order.
    assert largest(average.network) == pytest.approx(1, abs=0.02)
    assert largest(layer) == pytest.approx(1, abs=0.02)


def test_it_can_be_differentiated_twice_after_a_later_forward(layer):
    maps = MAPS.clone().requires_grad_()
    first = layer(maps).square().sum()
    layer(MAPS)  # moves the vectors that the first graph was made with
    (slope,) = torch.autograd.grad(first, maps, create_graph=True)
    slope.square().sum().backward()
    assert all(torch.isfinite(each.grad).all() for each in [layer.parametrizations.weight.original])
