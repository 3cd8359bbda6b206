"""Weights lie channels last, each by its own dimension."""

from __future__ import annotations

import torch
from torch import nn

from ganzoo.layers.memory_format import lay_channels_last


class Mixed(nn.Module):
    """Convolutions of two and of three dimensions, one of them under two names, and buffers."""

    def __init__(self):
        super().__init__()
        self.flat, self.deep, self.dense = nn.Conv2d(3, 4, 3), nn.Conv3d(3, 4, 3), nn.Linear(2, 2)
        self.again = self.flat
        self.register_buffer("maps", torch.rand(1, 2, 4, 4))


def test_weights_of_two_and_of_three_dimensions_in_one_network():
    network = Mixed()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    parameters = list(network.parameters())
    lay_channels_last(network)
    assert network.flat.weight.is_contiguous(memory_format=torch.channels_last)
    assert network.deep.weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert network.maps.is_contiguous(memory_format=torch.channels_last)
    assert network.again.weight is network.flat.weight
    assert all(one is other for one, other in zip(parameters, network.parameters(), strict=True))
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
