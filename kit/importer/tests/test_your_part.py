import pytest
import torch
from torch import nn

from ganzoo import CheckpointError, ImageSpec
from ganzoo.testing import conformance
from your_part import YourPart, YourPartImporter

test_conformance = conformance("your-part")  # one test for each promise of the contract


def saved():
    """What the example saves: its generator for 32 pixels, without batch normalization's momentum and the like."""
    layers = [nn.ConvTranspose2d(8, 8, 4, 1, 0, bias=False), nn.BatchNorm2d(8), nn.ReLU(True)]
    for inputs, outputs in ((8, 4), (4, 2)):
        layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(True)]
    layers += [nn.ConvTranspose2d(2, 3, 4, 2, 1, bias=False), nn.Tanh()]
    network = nn.Module()
    network.main = nn.Sequential(*layers)
    return network


def test_the_network_computes_what_the_examples_does():
    theirs = saved().eval()
    found = YourPartImporter.read(theirs.state_dict())
    assert found.images == ImageSpec(32, 3)
    ours = YourPart(found.ema.options, found.images).eval()
    ours.load_state_dict(found.ema.weights)
    latents = torch.randn(4, 8)
    torch.testing.assert_close(ours(latents, torch.empty(4, 0)), theirs.main(latents[:, :, None, None]))


def test_a_file_of_another_network_is_refused_with_the_name_of_the_weight():
    state = saved().state_dict()
    state["main.4.weight"] = torch.zeros(5)
    with pytest.raises(CheckpointError, match=r"main\.4\.weight: should be \(4,\), found \(5,\)"):
        YourPartImporter.read(state)
