"""Mapping network: its scale, and its labels."""

from __future__ import annotations

import pytest
import torch

from ganzoo.layers import MappingNetwork


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("labels", ["joint", "separate"])
def test_a_mapping_starts_at_unit_scale_and_uses_labels(labels):
    mapping = MappingNetwork(64, 3, 32, 2, labels=labels)
    latents = torch.randn(512, 64)
    first, second = (mapping(latents, torch.eye(3)[[index] * 512]) for index in (0, 1))
    assert first.shape == (512, 32)
    assert first.square().mean().sqrt().item() == pytest.approx(1.0, rel=0.35)
    assert not torch.allclose(first, second)
