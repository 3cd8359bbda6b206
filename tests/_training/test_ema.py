"""EMA: half-life in images, whatever the batch size."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganzoo._training.ema import EMA


class Normed(nn.Module):
    """A layer, batch norm, a frozen weight and a tracked mean."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(2, 3, dtype=torch.float64)
        self.norm = nn.BatchNorm1d(3, dtype=torch.float64)
        self.register_buffer("style_mean", torch.zeros(3, dtype=torch.float64))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))


def moved(network, by):
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += by
        network.norm.running_mean += by
        network.norm.running_var += by
    network.style_mean = network.style_mean + by  # a plugin may also put another tensor in its place
    network.seen += 1
    network.norm.num_batches_tracked += 1


def test_n_steps_at_batch_b_equal_n_b_images():
    torch.manual_seed(0)
    one, other = Normed(), Normed()
    other.load_state_dict(one.state_dict())
    coarse, fine = EMA(one, 0.05), EMA(other, 0.05)
    moved(one, 1.0)
    moved(other, 1.0)
    for step in range(3):
        coarse.update(32, 32 * step)
    for step in range(12):
        fine.update(8, 8 * step)
    for name, value in coarse.network.state_dict().items():
        torch.testing.assert_close(value, fine.network.state_dict()[name])


def test_after_one_half_life_half_is_left():
    network = Normed()
    ema = EMA(network, 0.064)
    start = ema.network.dense.weight.clone()
    moved(network, 2.0)
    ema.update(64, 0)
    torch.testing.assert_close(ema.network.dense.weight, start + 1.0)
    torch.testing.assert_close(ema.network.norm.running_mean, torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(ema.network.norm.running_var, torch.full((3,), 2.0, dtype=torch.float64))


def test_counters_and_tracked_means_are_copied():
    network = Normed()
    ema = EMA(network, 1000.0)
    moved(network, 2.0)
    ema.update(1, 0)
    assert ema.network.seen == 1
    assert ema.network.norm.num_batches_tracked == 1
    assert torch.equal(ema.network.style_mean, network.style_mean)
    assert ema.network.style_mean is not network.style_mean


def test_the_ramp_caps_the_half_life():
    ema = EMA(Normed(), 10.0, ramp=0.05)
    assert ema.decay(32, 0) == 0.0  # the first batch is copied, as in ADA
    assert ema.decay(32, 1000) == pytest.approx(0.5 ** (32 / 50))
    assert ema.decay(32, 10**6) == pytest.approx(0.5 ** (32 / 10_000))


def test_the_copy_takes_no_gradient_and_stays_in_evaluation_mode():
    ema = EMA(Normed(), 1.0)
    assert not ema.network.training
    assert not any(parameter.requires_grad for parameter in ema.network.parameters())


def test_a_decay_per_step_ignores_the_batch_size_and_the_half_life():
    network = Normed()
    ema = EMA(network, 1e-3, 0.05, decay_per_step=0.75)
    before = ema.network.dense.weight.clone()
    moved(network, 1.0)
    ema.update(4, 0)
    torch.testing.assert_close(ema.network.dense.weight.data, before.data + 0.25)
    assert ema.decay(512, 0) == ema.decay(1, 10**6) == 0.75
