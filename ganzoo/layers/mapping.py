"""Mapping network: latents, and labels where there are any, to one style."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from ganzoo.layers.equalized import EqualizedLinear
from ganzoo.layers.normalization import pixel_norm

LabelEmbedding = Literal["joint", "separate"]


class MappingNetwork(nn.Module):
    """Normalized latents `[N, Z]` and labels `[N, L]` through dense layers with leaky ReLU 0.2 to styles `[N, W]`.

    Labels are embedded linearly and concatenated behind the latents: `joint` embeds with a bare N(0, 1) matrix and
    normalizes latents and labels together (StyleGAN), `separate` embeds with an equalized layer and a bias and
    normalizes each by itself (StyleGAN2).

    Paper: StyleGAN, arXiv:1812.04948, section 2; the learning rate is 0.01 of the others' (appendix C).

    Args:
        latent_dim: Z.
        label_dim: L; 0 for none.
        style_dim: W.
        layers: How many dense layers; none at all with labels alone (Z = 0), of size W once embedded.
        lr_multiplier: Factor on their learning rate.
        width: Units of the hidden layers; by default W.
        label_width: Size of labels that are embedded separately; by default W. Joint ones have the latents' size.
        labels: How labels enter.
        bias_gain: Factor on the biases; by default 1 for `joint` and sqrt(2) for `separate`: StyleGAN puts sqrt(2) on
            the weights alone, StyleGAN2 multiplies what leaves the leaky ReLU, bias included.
    """

    def __init__(
        self,
        latent_dim: int,
        label_dim: int,
        style_dim: int,
        layers: int = 8,
        *,
        lr_multiplier: float = 0.01,
        width: int | None = None,
        label_width: int | None = None,
        labels: LabelEmbedding = "joint",
        bias_gain: float | None = None,
    ) -> None:
        super().__init__()
        width = width or style_dim
        bias_gain = bias_gain or (1.0 if labels == "joint" else math.sqrt(2))
        self.labels = labels
        self.embedding: nn.Module | None = None
        # The first codes of StyleGAN and StyleGAN2 multiply one-hot labels by a bare matrix (`LabelConcat`);
        # StyleGAN2-ADA's has a layer for them.
        if label_dim and labels == "joint":
            self.embedding = _BareMatrix(label_dim, latent_dim)
        elif label_dim:
            self.embedding = EqualizedLinear(label_dim, label_width or style_dim)
        embedded = (latent_dim if labels == "joint" else label_width or style_dim) if label_dim else 0
        # Without layers, the embedded labels are the style: the discriminator of StyleGAN2-ADA may project on them.
        sizes = [latent_dim + embedded, *[width] * (layers - 1), *[style_dim] * min(layers, 1)]
        self.layers = nn.ModuleList(
            EqualizedLinear(inputs, outputs, gain=math.sqrt(2), lr_multiplier=lr_multiplier, bias_gain=bias_gain)
            for inputs, outputs in pairwise(sizes)
        )

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Map to styles `[N, W]`."""
        if self.embedding is None:
            # On the sphere, as the official codes have it: the length of a latent says nothing.
            styles = pixel_norm(latents)
        elif self.labels == "joint":
            styles = pixel_norm(torch.cat([latents, self.embedding(labels)], dim=1))
        else:
            styles = torch.cat([pixel_norm(latents), pixel_norm(self.embedding(labels))], dim=1)
        for layer in self.layers:
            # The slope of all leaky ReLUs since ProGAN (arXiv:1710.10196, appendix A).
            styles = leaky_relu(layer(styles), 0.2)
        return styles


class _BareMatrix(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs))

    def forward(self, labels: Tensor) -> Tensor:
        return labels @ self.weight
