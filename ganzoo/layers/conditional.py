"""Conditional layers: batch normalization whose gain and bias follow a condition, and a logit that knows the class.

A condition is a vector per image `[N, D]`: labels, which are one-hot, or an embedding of them, alone or beside latents.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganzoo.layers.batch_norm import BatchNorm2d


class ConditionalBatchNorm2d(nn.Module):
    """Batch normalization over the whole batch, also over several processes, with a gain and a bias of each condition.

    g(c) * (x - mean) / sqrt(variance + eps) + b(c) per channel, where g(c) = 1 + (what `linear` makes of c) and b is
    linear likewise. Of one-hot labels that is a gain and a bias per class (de Vries et al., arXiv:1707.00683; as used
    by Miyato and Koyama, arXiv:1802.05637, figure 14); of an embedding, BigGAN's (arXiv:1809.11096, appendix B).

    Args:
        channels: C of the maps.
        conditions: D of the conditions; 0 for one gain and bias of all images, as of plain batch normalization.
        linear: Makes the two layers from D to C numbers, as `linear(D, C, bias=False)`, such as one with spectral
            normalization; without it they begin at zero, so that all conditions begin with gain 1 and bias 0.
        eps: Added to the variance.
        momentum: Share of the newest batch in the running statistics.
    """

    def __init__(
        self,
        channels: int,
        conditions: int,
        *,
        linear: Callable[..., nn.Module] | None = None,
        eps: float = 1e-5,
        momentum: float = 0.1,
    ) -> None:
        super().__init__()
        # Without conditions its own gain and bias are those of all images.
        self.normalization = BatchNorm2d(channels, eps=eps, momentum=momentum, affine=not conditions)
        self.gain: nn.Module | None = None
        self.bias: nn.Module | None = None
        if conditions:
            make = linear or _zero_linear
            self.gain = make(conditions, channels, bias=False)
            self.bias = make(conditions, channels, bias=False)

    def forward(self, maps: Tensor, condition: Tensor) -> Tensor:
        """Normalize `[N, C, H, W]` by the whole batch, and scale each image by its condition `[N, D]`."""
        normalized: Tensor = self.normalization(maps)
        if self.gain is None or self.bias is None:
            return normalized
        gain, bias = self.gain(condition), self.bias(condition)
        return torch.addcmul(bias[:, :, None, None], normalized, 1 + gain[:, :, None, None])


class ProjectionHead(nn.Module):
    """A logit of features and class: psi(f) + <V y, f>, with psi linear and V y an embedding of the label.

    Without classes it is psi alone. Miyato and Koyama, arXiv:1802.05637, equation 4.

    Args:
        features: F of the features.
        label_dim: L of the labels.
        linear: Makes both layers, as `linear(F, 1)` and `linear(L, F, bias=False)`, such as one with spectral
            normalization, which the paper has on both; without it they are `nn.Linear`.
    """

    def __init__(self, features: int, label_dim: int, *, linear: Callable[..., nn.Module] | None = None) -> None:
        super().__init__()
        make = linear or nn.Linear
        self.psi = make(features, 1)
        self.embedding = make(label_dim, features, bias=False) if label_dim else None

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Map features `[N, F]` and labels `[N, L]` to logits `[N]`."""
        logits: Tensor = self.psi(features)[:, 0]
        if self.embedding is None:
            return logits
        return logits + (self.embedding(labels) * features).sum(dim=1)


def _zero_linear(inputs: int, outputs: int, *, bias: bool) -> nn.Module:
    layer = nn.Linear(inputs, outputs, bias=bias)
    nn.init.zeros_(layer.weight)
    return layer
