"""Truncated latents: distributed as normal ones drawn until they fall within, and the others left as they are."""

from __future__ import annotations

import math

import pytest
import torch

from ganzoo.layers import redrawn_within


def drawn(threshold: float, shape: tuple[int, ...] = (400, 500), seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    latents = torch.randn(shape, generator=rng)
    return latents, redrawn_within(latents, threshold, rng)


@pytest.mark.parametrize("threshold", [2.0, 1.0, 0.5, 0.04, 1e-6])
def test_those_beyond_are_drawn_again_from_the_same_density(threshold):
    before, after = drawn(threshold)
    within = before.abs() <= threshold
    assert after.abs().max() <= threshold
    assert torch.equal(after[within], before[within])
    assert after.dtype == torch.float32
    # Variance of N(0, 1) given |z| <= t: 1 - 2 t phi(t) / P; at small t that of U(-t, t), which the first loses.
    mass = math.erf(threshold / math.sqrt(2))
    phi = math.exp(-(threshold**2) / 2) / math.sqrt(2 * math.pi)
    variance = 1 - 2 * threshold * phi / mass if threshold > 0.01 else threshold**2 / 3
    for found in (after, after[~within]):
        assert found.double().square().mean().item() == pytest.approx(variance, rel=0.02)
        assert found.double().mean().item() == pytest.approx(0, abs=0.02 * threshold)


def test_a_threshold_that_none_exceeds_changes_nothing():
    before, after = drawn(50.0)
    assert torch.equal(before, after)


def test_what_follows_in_the_stream_does_not_depend_on_the_threshold():
    after = []
    for threshold in (0.1, 3.0):
        rng = torch.Generator().manual_seed(1)
        redrawn_within(torch.randn(4, 5, generator=rng), threshold, rng)
        after.append(torch.rand(3, generator=rng))
    assert torch.equal(*after)
