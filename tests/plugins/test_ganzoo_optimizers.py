"""Optimizers: each moves as the formulas of its paper say."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganzoo_optimizers import Adam, AdamW, RMSprop

SLOPES = (0.5, -1.0, 2.0)


def moved(part, **options):
    """Where one weight, at 1 in the beginning, is after the three slopes."""
    chosen = part.Options(learning_rate=0.1, **options)
    weight = nn.Parameter(torch.ones(1, dtype=torch.float64))
    optimizer = part(chosen).build([weight])
    for group in optimizer.param_groups:
        group.update(part(chosen).group(chosen, 1.0))
    for slope in SLOPES:
        weight.grad = torch.full_like(weight, slope)
        optimizer.step()
    return weight.item()


def adam(decay=0.0, l2=0.0):
    weight, first, second = 1.0, 0.0, 0.0
    for step, slope in enumerate(SLOPES, start=1):
        slope += l2 * weight
        weight -= 0.1 * decay * weight
        first, second = 0.5 * first + 0.5 * slope, 0.9 * second + 0.1 * slope**2
        weight -= 0.1 * (first / (1 - 0.5**step)) / ((second / (1 - 0.9**step)) ** 0.5 + 1e-8)
    return weight


def test_adam_and_its_two_kinds_of_weight_decay():
    betas = (0.5, 0.9)
    assert moved(Adam, betas=betas) == pytest.approx(adam(), rel=1e-9)
    assert moved(Adam, betas=betas, weight_decay=0.3) == pytest.approx(adam(l2=0.3), rel=1e-9)
    assert moved(AdamW, betas=betas, weight_decay=0.3) == pytest.approx(adam(decay=0.3), rel=1e-9)


def test_rmsprop_with_momentum():
    weight, square, pace = 1.0, 0.0, 0.0
    for slope in SLOPES:
        square = 0.9 * square + 0.1 * slope**2
        pace = 0.5 * pace + slope / (square**0.5 + 1e-8)
        weight -= 0.1 * pace
    assert moved(RMSprop, decay=0.9, momentum=0.5) == pytest.approx(weight, rel=1e-9)


@pytest.mark.parametrize("part", [Adam, AdamW, RMSprop])
def test_decays_are_to_the_power_of_the_share(part):
    group = part(part.Options()).group(part.Options(), 0.5)
    whole = part(part.Options()).group(part.Options(), 1.0)
    decays = {"betas": tuple(each**0.5 for each in whole.get("betas", ())), "alpha": whole.get("alpha", 0) ** 0.5}
    assert all(group[key] == pytest.approx(decays[key]) for key in ("betas", "alpha") if key in group)
