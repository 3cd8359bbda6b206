"""A file of Inception weights of the right shape, whose features tell images apart, made without download."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3


class Untrained(FeatureExtractorInceptionV3):
    """torch-fidelity's class as it is before it loads weights."""

    def load_state_dict(self, state_dict, *args, **others):
        return None


def make_weights(path: Path, images: torch.Tensor, seed: int = 0) -> Path:
    """Save random weights whose batch norms were fitted to `images` (uint8 [N, 3, R, R]), so that they separate."""
    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    network = Untrained("inception-v3-compat", ["2048"], feature_extractor_weights_path=nothing)
    rng = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, generator=rng)
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    nn.init.normal_(network.fc.weight, std=0.1, generator=rng)
    nn.init.zeros_(network.fc.bias)
    network.train()
    with torch.no_grad():
        network(images)
    torch.save(network.state_dict(), path)
    return path
