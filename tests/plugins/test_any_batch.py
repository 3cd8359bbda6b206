"""Every generator can be traced for any number of images, so that its graph is not of one batch size."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn

from ganzoo import ImageSpec
from ganzoo._registry.registry import Registry
from ganzoo.contracts.capabilities import NoiseInputs

GENERATORS = Registry.discover().parts("generator")


class Traced(nn.Module):
    def __init__(self, generator):
        super().__init__()
        self.generator = generator
        if isinstance(generator, NoiseInputs):
            generator.use_noise("constant")

    def forward(self, latents, labels):
        return self.generator(latents, labels)


@pytest.mark.ci
@pytest.mark.parametrize("label_dim", [0, 3])
@pytest.mark.parametrize("part", GENERATORS, ids=lambda part: part.name)
def test_a_generator_is_traced_for_any_number_of_images(part, label_dim, tmp_path):
    options = part.cls.example_options(tmp_path) or part.cls.Options()
    generator = part.cls(options, ImageSpec(16, 3, label_dim)).eval()
    batch = torch.export.Dim("batch", min=1)
    given = torch.randn(2, generator.latent_dim), torch.zeros(2, label_dim)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own future
        program = torch.export.export(Traced(generator), given, dynamic_shapes=({0: batch}, {0: batch}), strict=False)
        assert program.module()(torch.randn(3, generator.latent_dim), torch.zeros(3, label_dim)).shape[0] == 3
