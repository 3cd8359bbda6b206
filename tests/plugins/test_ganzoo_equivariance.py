"""Equivariance: perfect networks, blind ones, the error of decibels, and StyleGAN3's two kinds."""

from __future__ import annotations

import math

import pytest
import torch

from ganzoo import Features, Generator, ImageSpec, MetricInput, ScoredNetworks
from ganzoo_features.random import RandomFeatures
from ganzoo_metrics.equivariance import RotationEquivariance, TranslationEquivariance, decibels
from ganzoo_stylegan3.generator import StyleGAN3Generator


class Waves(Generator):
    """One plane wave per image, within what pixels carry in every direction: it moves exactly, or not at all."""

    name = "waves"
    latent_dim = 3
    side, blind = 32, False
    matrix = None

    def __init__(self):
        super().__init__(self.Options(), ImageSpec(self.side, 1))

    def use_transform(self, matrix):
        self.matrix = None if self.blind else matrix

    def forward(self, latents, labels):
        axis = (torch.arange(self.side) - (self.side - 1) / 2) / self.side
        places = torch.stack([axis.expand(self.side, -1), axis[:, None].expand(-1, self.side)], dim=-1).flatten(0, 1)
        places = torch.cat([places, torch.ones(len(places), 1)], dim=1).expand(len(latents), -1, -1)
        if self.matrix is not None:
            places = places @ torch.linalg.inv(self.matrix).mT
        phase = (places[..., :2] * 6 * latents[:, None, :2].tanh()).sum(-1) + latents[:, None, 2]
        return torch.sin(2 * math.pi * phase).view(-1, 1, self.side, self.side)


def measured(metric, generator, samples=12):
    networks = ScoredNetworks(
        generator, RandomFeatures(RandomFeatures.Options()), torch.device("cpu"), 3, 16, torch.zeros(8, 0)
    )
    empty = Features({})
    (found,) = (
        metric(metric.Options(samples=samples)).estimates(MetricInput(empty, empty, 20, networks=networks)).values()
    )
    return found


@pytest.mark.parametrize("metric", [TranslationEquivariance, RotationEquivariance])
def test_what_moves_exactly_has_many_decibels_and_what_does_not_few(metric):
    generator = Waves()
    assert measured(metric, generator).value > 50
    assert generator.matrix is None
    generator.blind = True
    found = measured(metric, generator)
    # Two unrelated waves differ by a mean square of 1, the peak is 2.
    assert found.value == pytest.approx(20 * math.log10(2), abs=4) and 0 < found.standard_error < 3


def test_the_error_of_decibels_is_their_spread():
    rng = torch.Generator().manual_seed(0)
    drawn = torch.rand(300, 100, 2, generator=rng, dtype=torch.float64) + 0.5
    found = [decibels(each) for each in drawn]
    spread = torch.tensor([each.value for each in found]).std()
    assert sum(each.standard_error for each in found) / len(found) == pytest.approx(float(spread), rel=0.1)


def test_configuration_r_turns_and_t_does_not():
    sizes = {"latent_dim": 8, "style_dim": 8, "layers": 4, "critical_layers": 1, "channel_base": 128, "channel_max": 8}
    found = {}
    for kind in ("translation", "rotation"):
        torch.manual_seed(0)
        generator = StyleGAN3Generator(StyleGAN3Generator.Options(equivariance=kind, **sizes), ImageSpec(32, 1, 0))
        found[kind] = [
            measured(each, generator.eval(), 4).value for each in (TranslationEquivariance, RotationEquivariance)
        ]
    assert min(found["translation"][0], *found["rotation"]) > 35
    assert found["translation"][1] < min(found["rotation"]) - 15
