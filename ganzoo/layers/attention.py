"""Attention: maps whose every place looks at all others."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

_KEYS_SHARE, _VALUES_SHARE = 8, 2  # C / 8 channels of queries and keys, C / 2 of values: the authors' code
_POOLED = 2  # each side of keys and values is so many times smaller: the authors' code; the paper pools nothing


class SelfAttention2d(nn.Module):
    """Self-attention over the places of maps, added to them with a learned weight that begins at 0.

    x + gamma o(softmax(theta(x)^T phi(x)) g(x)): 1x1 convolutions without bias make queries theta, keys phi, values g
    and the result o; the largest of each 2x2 keys and values stands for four. There are (H W)^2 / 4 weights per image.

    Paper: Zhang et al., arXiv:1805.08318, section 3, with the sizes of its authors' code.

    Args:
        channels: C of the maps.
        convolution: Makes a layer of C to D channels, as `convolution(C, D)`, such as one with spectral normalization,
            which the paper has on all four; without it they are 1x1 `nn.Conv2d` without bias.
    """

    def __init__(self, channels: int, *, convolution: Callable[[int, int], nn.Module] | None = None) -> None:
        super().__init__()
        make = convolution or _one_by_one
        keys, values = max(1, channels // _KEYS_SHARE), max(1, channels // _VALUES_SHARE)
        self.queries = make(channels, keys)
        self.keys = make(channels, keys)
        self.values = make(channels, values)
        self.result = make(values, channels)
        # From 0, so that a network begins with what neighborhoods tell (section 3).
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, maps: Tensor) -> Tensor:
        """Map `[N, C, H, W]` to the same shape; H and W are even."""
        weights = self.weights(maps)  # [N, H W, H W / 4]
        values = max_pool2d(self.values(maps), _POOLED).flatten(2)
        gathered = (values @ weights.mT).reshape(maps.shape[0], -1, *maps.shape[2:])
        return torch.addcmul(maps, self.gamma, self.result(gathered))

    def weights(self, maps: Tensor) -> Tensor:
        """Return how much each place takes from each 2x2 places: `[N, C, H, W]` to `[N, H W, H W / 4]`, sums of 1."""
        queries = self.queries(maps).flatten(2)
        keys = max_pool2d(self.keys(maps), _POOLED).flatten(2)
        # Not divided by the root of the number of channels, as transformers do (equation 1).
        return (queries.mT @ keys).softmax(dim=2)


def _one_by_one(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, 1, bias=False)
