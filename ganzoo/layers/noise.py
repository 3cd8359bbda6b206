"""Noise maps inside a generator (StyleGAN, arXiv:1812.04948, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor

from ganzoo.contracts.capabilities import NoiseMode
from ganzoo.layers.ranks import per_image


def add_noise(features: Tensor, weight: Tensor, constant: Tensor, mode: NoiseMode) -> Tensor:
    """Add one noise map to all channels, each with its own weight.

    Args:
        features: `[N, C, H, W]`.
        weight: `[C]`.
        constant: The map `[1, 1, H, W]` for the mode of that name.
        mode: `random` draws N(0, 1) for every image and forward, from the global stream.
    """
    if mode == "none":
        return features
    # One map for all channels; what a channel learns is how much of it to take (section 3.2, block B).
    noise = constant.to(features.dtype)
    if mode == "random":
        count, _, height, width = features.shape
        device, dtype = features.device, features.dtype
        noise = per_image(lambda images: torch.randn(images, 1, height, width, device=device, dtype=dtype), count)
    # One pass over the features in place of two.
    return torch.addcmul(features, noise, weight[:, None, None].to(features.dtype))
