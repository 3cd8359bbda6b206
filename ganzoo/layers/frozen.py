"""Frozen networks: pretrained ones inside a network in training."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Frozen(nn.Module):
    """A network whose tensors nothing trains and nothing saves; gradients pass through it to its inputs.

    Its weights become buffers that are not saved: they move with the network around them, and are neither counted as
    its parameters, handed to an optimizer, averaged, nor written into checkpoints. What they are, the recipe says. It
    stays in evaluation mode.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        for module in network.modules():
            held = {**module._parameters, **module._buffers}
            module._parameters.clear()
            for name, tensor in held.items():
                module._buffers.pop(name, None)
                module.register_buffer(name, None if tensor is None else tensor.detach(), persistent=False)
        # Pretrained weights come from a file, so under `torch.device("meta")` they are not there by themselves.
        default = torch.empty(0).device
        self.network = network.to(default) if default.type == "meta" else network
        self.train(False)

    def train(self, mode: bool = True) -> Frozen:
        """Stay in evaluation mode."""
        super().train(False)
        return self

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return what the network returns."""
        found: tuple[Tensor, ...] = self.network(images)
        return found
