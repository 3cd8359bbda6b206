"""The averaged generator: half-life in images, whatever the batch size."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganzoo._training.ema import Average


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
    coarse, fine = Average(one, 0.05), Average(other, 0.05)
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
    average = Average(network, 0.064)
    start = average.network.dense.weight.clone()
    moved(network, 2.0)
    average.update(64, 0)
    torch.testing.assert_close(average.network.dense.weight, start + 1.0)
    torch.testing.assert_close(average.network.norm.running_mean, torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(average.network.norm.running_var, torch.full((3,), 2.0, dtype=torch.float64))


def test_counters_and_tracked_means_are_copied():
    network = Normed()
    average = Average(network, 1000.0)
    moved(network, 2.0)
    average.update(1, 0)
    assert average.network.seen == 1
    assert average.network.norm.num_batches_tracked == 1
    assert torch.equal(average.network.style_mean, network.style_mean)
    assert average.network.style_mean is not network.style_mean


def test_the_ramp_caps_the_half_life():
    average = Average(Normed(), 10.0, ramp=0.05)
    assert average.decay(32, 0) == 0.0  # the first batch is copied, as in ADA
    assert average.decay(32, 1000) == pytest.approx(0.5 ** (32 / 50))
    assert average.decay(32, 10**6) == pytest.approx(0.5 ** (32 / 10_000))


def test_the_copy_takes_no_gradient_and_stays_in_evaluation_mode():
    average = Average(Normed(), 1.0)
    assert not average.network.training
    assert not any(parameter.requires_grad for parameter in average.network.parameters())


def test_a_decay_per_step_ignores_the_batch_size_and_the_half_life():
    network = Normed()
    average = Average(network, 1e-3, 0.05, decay_per_step=0.75)
    before = average.network.dense.weight.clone()
    moved(network, 1.0)
    average.update(4, 0)
    torch.testing.assert_close(average.network.dense.weight.data, before.data + 0.25)
    assert average.decay(512, 0) == average.decay(1, 10**6) == 0.75
